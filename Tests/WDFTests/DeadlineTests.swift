import Platform
import Synchronization
import TestSupport
import Testing

@testable import WDF

/// Where a request is when its deadline comes.
enum Whereabouts: String, CaseIterable, Sendable {
  case queued, owned, marked, putBack, forwarded, shown
}

/// What happens around its deadline.
enum Moment: String, CaseIterable, Sendable {
  case deadline, completeBefore, cancelBefore, closeBefore, purgeBefore, deadlineTakenBack
  case retrieveBefore, deadlineAfterUnmark
}

@Suite("deadlines of requests")
struct DeadlineTests {
  /// What a driver keeps of a request: itself, or the right to take it back.
  private final class Kept: Sendable {
    private let request = LockedValue<OwnedRequest?>(nil)
    private let token = LockedValue<CancelableRequest?>(nil)

    func keep(_ request: consuming OwnedRequest) {
      var request: OwnedRequest? = consume request
      self.request.withLock { $0 = request.take() }
    }

    func keep(_ token: consuming CancelableRequest) {
      var token: CancelableRequest? = consume token
      self.token.withLock { $0 = token.take() }
    }

    func take() -> OwnedRequest? { request.withLock { $0.take() } }
    func takeToken() -> CancelableRequest? { token.withLock { $0.take() } }
  }

  /// A request in one place, and what the driver keeps of it.
  private struct Rig {
    let executor = ManualExecutor()
    let fixture: Fixture
    let queue: Ref<Queue>
    let other: Ref<Queue>
    let file: Ref<FileObject>
    let kept = Kept()

    init(_ dispatch: QueueDispatch, timeout: Duration? = .milliseconds(100)) throws {
      fixture = try Fixture(executor: executor)
      var configuration = QueueConfiguration(dispatch, timeout: timeout)
      if dispatch != .manual {
        configuration.defaultHandler = { [kept] _, request in kept.keep(request) }
      }
      queue = try fixture.device.makeQueue("q", configuration)
      other = try fixture.device.makeQueue("other", QueueConfiguration(.manual, timeout: timeout))
      file = try fixture.file()
    }

    func keep(_ request: consuming OwnedRequest) { kept.keep(request) }
    func take() -> OwnedRequest? { kept.take() }
    func takeToken() -> CancelableRequest? { kept.takeToken() }

    /// The next request of the queue.
    func retrieved() throws -> OwnedRequest {
      guard let request = try queue.retrieveNext() else { throw Missing() }
      return request
    }

    struct Missing: Error {}

    func place(_ place: Whereabouts) throws {
      try file.submit(read(1), sink: fixture.sink, to: queue)
      switch place {
      case .queued, .shown: break
      case .owned: keep(try retrieved())
      case .putBack:
        if case .refused(let request, _) = try retrieved().requeue() {
          request.complete(.internalError)
        }
      case .forwarded: WDFTests.forward(try retrieved(), to: other)
      case .marked:
        let request = try retrieved()
        let outcome = request.markCancelable { request in
          let status = request.cancelStatus
          request.complete(status)
        }
        switch consume outcome {
        case .marked(let token): kept.keep(token)
        case .alreadyCancelled(let request): request.complete(.internalError)
        }
      }
    }

    /// Ends what the driver still has in its hands: how, says whether a cancel reached it.
    func end() {
      if let token = takeToken(), case .reclaimed(let request) = token.unmark() {
        request.complete(.success)
      }
      guard let request = take() else { return }
      let status: RequestStatus = request.isCancelled ? request.cancelStatus : .success
      request.complete(status)
    }
  }

  @Test(
    "the end of a request with a deadline, in each place and with each thing that happens to it",
    arguments: Whereabouts.allCases, Moment.allCases)
  func table(place: Whereabouts, moment: Moment) throws {
    let rig = try Rig(place == .shown ? .sequential : .manual)
    try rig.place(place)
    #expect(rig.executor.liveScheduledCount == 1, "one alarm for the earliest deadline")
    var expected = RequestStatus.timedOut
    switch moment {
    case .deadline: break
    case .cancelBefore:
      _ = rig.file.cancel(requestID: 1)
      expected = .cancelled
    case .closeBefore:
      rig.file.close()
      expected = .cancelled
    case .purgeBefore:
      let isElsewhere = place == .forwarded
      try (isElsewhere ? rig.other : rig.queue).purge()
      // A purge leaves alone what the driver has and did not mark.
      if place != .owned && place != .shown { expected = .cancelled }
    case .completeBefore:
      rig.end()
      let waiting = place == .forwarded ? rig.other : rig.queue
      if place != .shown, let request = try? waiting.retrieveNext() { request.complete(.success) }
      expected = .success
    case .deadlineTakenBack:
      if let request = rig.take() {
        request.setDeadline(after: nil)
        rig.keep(request)
        expected = .success
      }
    case .retrieveBefore:
      let waiting = place == .forwarded ? rig.other : rig.queue
      if place != .shown, let request = try? waiting.retrieveNext() { rig.keep(request) }
    case .deadlineAfterUnmark:
      if let token = rig.takeToken(), case .reclaimed(let request) = token.unmark() {
        rig.keep(request)
      }
    }
    rig.executor.advance(milliseconds: 150)
    rig.executor.run()
    rig.end()
    #expect(rig.fixture.sink.ids == [1], "\(place), \(moment): reported once")
    #expect(rig.fixture.sink.status(1) == expected, "\(place), \(moment)")
    #expect(rig.executor.liveScheduledCount == 0, "nothing is left in the executor")
    rig.file.close()
    try rig.fixture.unload()
  }

  @Test("one alarm is armed, for the earliest; it moves when that one goes and is disarmed at last")
  func oneAlarm() throws {
    let rig = try Rig(.manual, timeout: nil)
    for (id, delay) in [(1, 300), (2, 100), (3, 200)] {
      let request = try rig.file.makeRequest(read(UInt64(id)), sink: rig.fixture.sink)
      request.setDeadline(after: .milliseconds(delay))
      #expect(rig.executor.liveScheduledCount == min(1, id - 1), "not before it is queued")
      forward(request, to: rig.queue)
      #expect(rig.executor.liveScheduledCount == 1)
    }
    #expect(rig.file.cancel(requestID: 2) == .completed)
    #expect(rig.executor.liveScheduledCount == 1)
    rig.executor.advance(milliseconds: 150)
    #expect(rig.fixture.sink.ids == [2])
    rig.executor.advance(milliseconds: 60)
    #expect(rig.fixture.sink.ids == [2, 3] && rig.fixture.sink.status(3) == .timedOut)
    #expect(rig.file.cancel(requestID: 1) == .completed)
    #expect(rig.executor.liveScheduledCount == 0)
    rig.file.close()
    try rig.fixture.unload()
  }

  @Test("a refused forward leaves the request its deadline; the next queue's timeout counts anew")
  func acrossQueues() throws {
    let rig = try Rig(.manual)
    try rig.place(.owned)
    try rig.other.purge()
    rig.executor.advance(milliseconds: 50)
    if let request = rig.take() {
      switch request.forward(to: rig.other) {
      case .accepted: Issue.record("a purged queue took it")
      case .refused(let request, _): rig.keep(request)
      }
    }
    #expect(rig.executor.liveScheduledCount == 1)
    try rig.other.start()
    if let request = rig.take() { forward(request, to: rig.other) }
    #expect(rig.executor.liveScheduledCount == 1)
    rig.executor.advance(milliseconds: 90)
    #expect(rig.fixture.sink.ids.isEmpty)
    rig.executor.advance(milliseconds: 20)
    #expect(rig.fixture.sink.status(1) == .timedOut)
    rig.file.close()
    try rig.fixture.unload()
  }

  @Test(
    "wdf T105: on the framework's own thread deadlines end requests that wait, and no timer stays")
  func ownExecutor() throws {
    let fixture = try Fixture()
    let queue = try fixture.device.makeQueue(
      "q", QueueConfiguration(.manual, timeout: .milliseconds(20)))
    let file = try fixture.file()
    for id in 0..<200 { try file.submit(read(UInt64(id)), sink: fixture.sink, to: queue) }
    for id in 0..<100 { _ = file.cancel(requestID: UInt64(id)) }
    #expect(eventually { fixture.sink.ids.count == 200 })
    let own = try #require(fixture.framework.executor.withLock { $0.own })
    #expect(own.scheduledCount == 0)
    #expect((100..<200).allSatisfy { fixture.sink.status(UInt64($0)) == .timedOut })
    file.close()
    try fixture.unload()
  }

  @Test("a deadline and the driver's completion at once: the request ends once")
  func raceWithCompletion() throws {
    let fixture = try Fixture(.off)
    let queue = try fixture.device.makeQueue(
      "q", QueueConfiguration(.manual, timeout: .microseconds(300)))
    let file = try fixture.file()
    for id in 0..<2_000 {
      try file.submit(read(UInt64(id)), sink: fixture.sink, to: queue)
      if id % 3 == 0, let request = try queue.retrieveNext() {
        if id % 2 == 0,
          case .marked(let token) = request.markCancelable({ request in
            let status = request.cancelStatus
            request.complete(status)
          })
        {
          if case .reclaimed(let request) = token.unmark() { request.complete(.success) }
        }
      }
    }
    #expect(eventually { fixture.sink.ids.count == 2_000 })
    #expect(Set(fixture.sink.ids).count == 2_000)
    file.close()
    try fixture.unload()
  }
}
