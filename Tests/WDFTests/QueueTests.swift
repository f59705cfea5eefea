import Platform
import Synchronization
import TestSupport
import Testing

@testable import WDF

/// Keeps the requests a handler is given.
final class Kept: Sendable {
  private let requests = LockedValue<[RequestHolder]>([])
  var count: Int { requests.withLock { $0.count } }
  func keep(_ request: consuming OwnedRequest) {
    let holder = RequestHolder(request)
    requests.withLock { $0.append(holder) }
  }
  /// Completes the oldest, if there is one.
  @discardableResult
  func completeFirst(_ status: RequestStatus = .success) -> Bool {
    let holder = requests.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    return holder?.complete(status) ?? false
  }
}

final class RequestHolder: Sendable {
  private let request: LockedValue<OwnedRequest?>
  init(_ request: consuming OwnedRequest) { self.request = LockedValue(request) }
  func take() -> OwnedRequest? { request.withLock { $0.take() } }
  func complete(_ status: RequestStatus) -> Bool {
    guard let request = take() else { return false }
    request.complete(status)
    return true
  }
}

func taken(_ queue: Ref<Queue>, from file: Ref<FileObject>? = nil) throws -> UInt64? {
  guard let request = try queue.retrieveNext(from: file) else { return nil }
  let id = request.id
  request.complete(.success)
  return id
}

/// The next request, for a test to complete when it likes.
func held(_ queue: Ref<Queue>) throws -> RequestHolder? {
  guard let request = try queue.retrieveNext() else { return nil }
  return RequestHolder(request)
}

private func handled(
  _ dispatch: QueueDispatch, _ handler: @escaping RequestHandler
) -> QueueConfiguration {
  var configuration = QueueConfiguration(dispatch)
  configuration.defaultHandler = handler
  return configuration
}

@Suite("queues")
struct QueueTests {
  @Test("wdf T60: a configuration that contradicts itself is refused")
  func configurations() throws {
    let fixture = try Fixture()
    func made(_ configuration: QueueConfiguration) -> WdfError.Code? {
      code { try fixture.device.makeQueue("q", configuration) }
    }
    #expect(made(QueueConfiguration(.sequential)) == .noCallback)
    #expect(made(QueueConfiguration(.parallel(limit: 2))) == .noCallback)
    #expect(
      made(handled(.manual) { _, request in request.complete(.success) }) == .invalidParameter)
    #expect(
      made(handled(.parallel(limit: 0)) { _, request in request.complete(.success) })
        == .invalidParameter)
    #expect(made(.manual) == nil)
    let queue = try fixture.device.makeQueue("q", .manual)
    #expect(queue.status.isAccepting && queue.status.isDispatching)
    #expect(
      code { try fixture.device.makeQueue("q", .manual, isDefault: true) } == .invalidDeviceState)
    let device = try fixture.driver.makeControlDevice("d")
    _ = try device.makeQueue("q", .manual, isDefault: true)
    #expect(code { try device.makeQueue("q", .manual, isDefault: true) } == .invalidParameter)
    try fixture.unload()
  }

  @Test("wdf T61: a sequential queue shows the next when the one before has left")
  func sequential() throws {
    let fixture = try Fixture()
    let kept = Kept()
    let queue = try fixture.device.makeQueue(
      "q", handled(.sequential) { _, request in kept.keep(request) })
    let file = try fixture.file()
    for id in 1...3 { try file.submit(read(UInt64(id)), sink: fixture.sink, to: queue) }
    #expect(kept.count == 1 && queue.count == 2)
    TestThread { kept.completeFirst() }.wait()
    #expect(kept.count == 1 && queue.count == 1)
    while kept.completeFirst() {}
    #expect(fixture.sink.ids == [1, 2, 3])
    try fixture.unload()
  }

  @Test("wdf T61: completing in the callback does not recurse, however many are queued")
  func noRecursion() throws {
    let fixture = try Fixture(.off)
    let (depth, deepest) = (Counter(), Counter())
    let queue = try fixture.device.makeQueue(
      "q",
      handled(.sequential) { _, request in
        if depth.add() > 1 { deepest.add() }
        request.complete(.success)
        depth.add(-1)
      })
    let file = try fixture.file()
    try queue.stop()
    for id in 1...10_000 { try file.submit(read(UInt64(id)), sink: fixture.sink, to: queue) }
    try queue.start()
    #expect(fixture.sink.ids.count == 10_000 && deepest.value == 0)
    try fixture.unload()
  }

  @Test("wdf T62: a parallel queue shows no more at a time than it may")
  func limited() throws {
    let fixture = try Fixture()
    let kept = Kept()
    let queue = try fixture.device.makeQueue(
      "q", handled(.parallel(limit: 2)) { _, request in kept.keep(request) })
    let file = try fixture.file()
    for id in 1...5 { try file.submit(read(UInt64(id)), sink: fixture.sink, to: queue) }
    #expect(kept.count == 2 && queue.status.ownedCount == 2 && queue.count == 3)
    kept.completeFirst()
    #expect(kept.count == 2 && queue.count == 2)
    while kept.completeFirst() {}
    #expect(fixture.sink.ids == [1, 2, 3, 4, 5])
    try fixture.unload()
  }

  @Test(
    "wdf T63: a read of no bytes reaches the driver if the queue allows it",
    arguments: [true, false])
  func zeroLength(isAllowed: Bool) throws {
    let fixture = try Fixture()
    let shown = Counter()
    var configuration = handled(.parallel()) { _, request in
      shown.add()
      request.complete(.success)
    }
    configuration.allowsZeroLength = isAllowed
    let queue = try fixture.device.makeQueue("q", configuration)
    try fixture.file().submit(read(1, room: 0), sink: fixture.sink, to: queue)
    #expect(shown.value == (isAllowed ? 1 : 0))
    #expect(fixture.sink.all == [.init(id: 1, status: .success, information: 0)])
    try fixture.unload()
  }

  @Test("wdf T64: retrieving from an empty, a stopped and a parallel queue")
  func retrieve() throws {
    let fixture = try Fixture()
    let queue = try fixture.device.makeQueue("q", .manual)
    #expect(try taken(queue) == nil)
    try queue.stop()
    #expect(code { try taken(queue) } == .queuePaused)
    let parallel = try fixture.device.makeQueue(
      "p", handled(.parallel()) { _, request in request.complete(.success) })
    #expect(code { try taken(parallel) } == .wrongDispatch)
    try fixture.unload()
  }

  @Test("wdf T65: requests are retrieved in order, also those of one file among others'")
  func retrieveByFile() throws {
    let fixture = try Fixture()
    let queue = try fixture.device.makeQueue("q", .manual)
    let (a, b) = (try fixture.file("a"), try fixture.file("b"))
    for id in 1...6 { try fixture.queue(UInt64(id), of: id % 2 == 0 ? a : b, in: queue) }
    #expect(try taken(queue, from: a) == 2)
    #expect(try taken(queue, from: a) == 4)
    #expect(try taken(queue) == 1)
    #expect(try taken(queue) == 3)
    #expect(try taken(queue, from: a) == 6)
    #expect(try taken(queue, from: a) == nil)
    #expect(try taken(queue) == 5)
    try fixture.unload()
  }

  @Test("wdf T66: a purged queue refuses, and its error completes as busy")
  func forwardToPurged() throws {
    let fixture = try Fixture()
    let queue = try fixture.device.makeQueue("q", .manual)
    try queue.purge()
    switch try fixture.file().makeRequest(read(1), sink: fixture.sink).forward(to: queue) {
    case .accepted: Issue.record("accepted")
    case .refused(let request, let error):
      #expect(error.code == .queueBusy)
      request.complete(RequestStatus(ntStatus: error.ntStatus, ndisStatus: 1, errno: 16))
    }
    #expect(fixture.sink.status(1)?.ntStatus == 0x8000_0011)
    try fixture.unload()
  }

  @Test("wdf T67: forwarding to where a request cannot go gives it back")
  func refusedForward() throws {
    let fixture = try Fixture()
    let (queue, deleted) = (
      try fixture.device.makeQueue("q", .manual), try fixture.device.makeQueue("d", .manual)
    )
    try deleted.delete()
    let other = try fixture.driver.makeControlDevice("other").makeQueue("o", .manual)
    try fixture.queue(1, of: try fixture.file(), in: queue)
    for (target, expected) in [
      (queue, WdfError.Code.invalidRequest), (deleted, .deletePending), (other, .parentMismatch),
    ] {
      guard let request = try queue.retrieveNext() else {
        Issue.record("no request")
        return
      }
      switch request.forward(to: target) {
      case .accepted: Issue.record("accepted")
      case .refused(let request, let error):
        #expect(error.code == expected)
        _ = request.requeue()
      }
    }
    #expect(try taken(queue) == 1)
    try fixture.unload()
  }

  @Test("wdf T68: a request that is put back comes first")
  func requeue() throws {
    let fixture = try Fixture()
    let queue = try fixture.device.makeQueue("q", .manual)
    let file = try fixture.file()
    for id in 1...3 { try fixture.queue(UInt64(id), of: file, in: queue) }
    #expect(try taken(queue) == 1)
    if let second = try queue.retrieveNext() { _ = second.requeue() }
    #expect(try taken(queue) == 2)
    #expect(try taken(queue) == 3)
    try fixture.unload()
  }

  @Test("wdf T77: two purges join, refuse arrivals, and a start opens the queue again")
  func purgesJoin() throws {
    let fixture = try Fixture(.off)
    for _ in 0..<100 {
      let queue = try fixture.device.makeQueue("q", .manual)
      let (file, sink) = (try fixture.file(), Sink())
      for id in 1...3 { forward(try file.makeRequest(read(UInt64(id)), sink: sink), to: queue) }
      let plain = try held(queue)
      let cancelled = Counter()
      if let second = try queue.retrieveNext(),
        case .marked(let token) = second.markCancelable({
          cancelled.add()
          $0.complete(.cancelled)
        })
      {
        let holder = TokenHolder(token)
        let purges = (0..<2).map { _ in
          TestThread { try? queue.purge(waitingUpTo: .seconds(60)) }
        }
        #expect(eventually { sink.ids.count == 2 })
        try file.submit(read(9), sink: sink, to: queue)
        #expect(sink.status(9) == .invalidDeviceState)
        #expect(!purges[0].hasEnded && !purges[1].hasEnded)
        #expect(plain?.complete(.success) == true)
        for purge in purges { purge.wait() }
        holder.drop()
      }
      #expect(cancelled.value == 1)
      #expect(sink.ids.sorted() == [1, 2, 3, 9])
      try queue.start()
      forward(try file.makeRequest(read(10), sink: sink), to: queue)
      #expect(queue.count == 1)
      file.close()
      try queue.delete()
    }
    try fixture.unload()
  }

  @Test("wdf T78: a purge that waits for itself is refused; one that takes too long goes on")
  func purgeFromCallback() throws {
    let fixture = try Fixture()
    let codes = LockedValue<[WdfError.Code?]>([])
    let kept = Kept()
    let queue = try fixture.device.makeQueue(
      "q",
      handled(.sequential) { queue, request in
        let found = code { try queue.purge(waitingUpTo: nil) }
        codes.withLock { $0.append(found) }
        kept.keep(request)
      })
    try fixture.file().submit(read(1), sink: fixture.sink, to: queue)
    #expect(codes.withLock { $0 } == [.wouldDeadlock])
    #expect(code { try queue.purge(waitingUpTo: .milliseconds(50)) } == .timedOut)
    let isPurged = Signal()
    try queue.purge { isPurged.set() }
    kept.completeFirst()
    #expect(isPurged.wait())
    let inDispatch = DispatchSection.run { code { try queue.purge(waitingUpTo: nil) } }
    #expect(inDispatch == .wouldDeadlock)
    try fixture.unload()
  }

  @Test("wdf T78: on a worker, forms that wait are refused")
  func purgeOnWorker() throws {
    let fixture = try Fixture()
    let queue = try fixture.device.makeQueue("q", .manual)
    let found = LockedValue<WdfError.Code?>(nil)
    let done = Signal()
    _ = try fixture.driver.spawnWorker("loop") { _ in
      let refusal = code { try queue.purge(waitingUpTo: nil) }
      found.withLock { $0 = refusal }
      done.set()
    }
    done.wait()
    #expect(found.withLock { $0 } == .wouldDeadlock)
    try fixture.unload()
  }

  @Test("wdf T79: a stop opens a purged queue for arrivals, not for the driver")
  func stopAfterPurge() throws {
    let fixture = try Fixture()
    let queue = try fixture.device.makeQueue("q", .manual)
    try queue.purge()
    try queue.stop()
    try fixture.queue(1, of: try fixture.file(), in: queue)
    #expect(queue.count == 1)
    #expect(code { try taken(queue) } == .queuePaused)
    try fixture.unload()
  }

  @Test("wdf T80: draining shows what is queued and refuses what comes")
  func drain() throws {
    let fixture = try Fixture()
    let kept = Kept()
    let queue = try fixture.device.makeQueue(
      "q", handled(.sequential) { _, request in kept.keep(request) })
    let file = try fixture.file()
    for id in 1...3 { try file.submit(read(UInt64(id)), sink: fixture.sink, to: queue) }
    let isDrained = Signal()
    let thread = TestThread {
      try? queue.drain(waitingUpTo: .seconds(60))
      isDrained.set()
    }
    #expect(eventually { !queue.status.isAccepting })
    try file.submit(read(4), sink: fixture.sink, to: queue)
    #expect(fixture.sink.ids == [4])
    for _ in 0..<3 {
      #expect(!thread.hasEnded)
      kept.completeFirst()
    }
    #expect(isDrained.wait())
    #expect(fixture.sink.ids == [4, 1, 2, 3])
    thread.wait()
    try fixture.unload()
  }

  @Test("wdf T81: after a stop that purges, what is put back is cancelled, until the queue starts")
  func stopAndPurge() throws {
    let fixture = try Fixture()
    let queue = try fixture.device.makeQueue("q", .manual)
    let file = try fixture.file()
    for id in 1...3 { try fixture.queue(UInt64(id), of: file, in: queue) }
    let first = try held(queue)
    let second = try held(queue)
    try queue.stop(cancelQueued: true)
    #expect(fixture.sink.ids == [3])
    if let request = first?.take() { _ = request.requeue() }
    #expect(fixture.sink.status(1) == .cancelled)
    try queue.start()
    if let request = second?.take() { _ = request.requeue() }
    #expect(try taken(queue) == 2)
    try fixture.unload()
  }

  @Test("wdf T82: deleting a queue waits for what the driver has, and says how long")
  func deleteWaits() throws {
    let fixture = try Fixture(.on, executor: ManualExecutor())
    let queue = try fixture.device.makeQueue("q", .manual)
    try fixture.queue(1, of: try fixture.file(), in: queue)
    let kept = try held(queue)
    fixture.framework.stuckPeriod.store(20_000_000, ordering: .relaxed)
    #expect(try queue.delete() == .deferred)
    #expect(queue.state == .deferredDeleting)
    let waiting = TestThread { try? queue.waitForDestroy() }
    #expect(eventually { !fixture.reports.of(.stuck).isEmpty })
    #expect(fixture.reports.of(.stuck).first?.detail.contains("owned 1") == true)
    #expect(kept?.complete(.success) == true)
    fixture.framework.runWhatWasPutOff()
    waiting.wait()
    #expect(queue.state == .destroyed)
    try fixture.unload()
  }

  @Test("wdf T87: whoever waits for requests is told when there are some, once")
  func readyNotify() throws {
    let fixture = try Fixture()
    let told = Counter()
    let queue = try fixture.device.makeQueue("q", .manual)
    try queue.notifyReady { _ in told.add() }
    #expect(code { try queue.notifyReady { _ in } } == .invalidRequest)
    #expect(code { try queue.removeReadyNotification() } == .invalidRequest)
    let file = try fixture.file()
    for id in 1...2 { try fixture.queue(UInt64(id), of: file, in: queue) }
    #expect(told.value == 1)
    while try taken(queue) != nil {}
    try fixture.queue(3, of: file, in: queue)
    #expect(told.value == 2)
    try queue.stop()
    try queue.start()
    #expect(told.value == 3)
    try queue.stop()
    try queue.removeReadyNotification()
    try queue.start()
    #expect(told.value == 3)
    try fixture.unload()
  }

  @Test("wdf T88: before the device is ready nobody opens it, after that there is no default queue")
  func finishInitializing() throws {
    let fixture = try Fixture()
    let device = try fixture.driver.makeControlDevice("d")
    #expect(code { try device.makeFileObject("f", Log().context("f")) } == .invalidDeviceState)
    device.finishInitializing()
    _ = try device.makeFileObject("f", Log().context("f"))
    #expect(code { try device.makeQueue("q", .manual, isDefault: true) } == .invalidDeviceState)
    try fixture.unload()
  }

  @Test("wdf T102: the callback of the type, then the one for all, then nobody")
  func handlers() throws {
    let reports = Reports()
    let framework = reports.framework()
    let driver = try framework.makeDriver("d", Log().context("d"))
    let device = try driver.makeControlDevice("dev")
    let log = Log()
    var configuration = QueueConfiguration(.parallel())
    configuration.handlers[.read] = { queue, request in
      log.add("read \(queue.status.ownedCount)")
      request.complete(.success)
    }
    _ = try device.makeQueue("default", configuration, isDefault: true)
    configuration.defaultHandler = { _, request in
      log.add("any")
      request.complete(.success)
    }
    let second = try device.makeQueue("second", configuration)
    device.finishInitializing()
    let (file, sink) = (try device.makeFileObject("f", Log().context("f")), Sink())
    try file.submit(read(1), sink: sink)
    try file.submit(RequestParameters(type: .write, id: 2), sink: sink)
    try file.submit(RequestParameters(type: .write, id: 3), sink: sink, to: second)
    #expect(log.all == ["read 1", "any"])
    #expect(sink.status(2) == .invalidDeviceRequest && sink.status(3) == .success)
    try driver.unload()
  }

  @Test("wdf T103: purge is not over while a request of the queue is on its way elsewhere")
  func refusedForwardHoldsPurge() throws {
    let fixture = try Fixture()
    let (source, target) = (
      try fixture.device.makeQueue("s", .manual), try fixture.device.makeQueue("t", .manual)
    )
    try target.purge()
    try fixture.queue(1, of: try fixture.file(), in: source)
    let request = try #require(try held(source))
    let isPurged = Counter()
    try source.purge { isPurged.add() }
    guard let request = request.take() else { return }
    switch request.forward(to: target) {
    case .accepted: Issue.record("accepted")
    case .refused(let request, _):
      #expect(isPurged.value == 0)
      request.complete(.success)
    }
    #expect(isPurged.value == 1)
    try fixture.unload()
  }

  @Test("wdf T103: a stop is told before a purge, when both end at once")
  func orderOfEnds() throws {
    let fixture = try Fixture()
    let log = Log()
    let queue = try fixture.device.makeQueue("q", .manual)
    try fixture.queue(1, of: try fixture.file(), in: queue)
    let kept = try held(queue)
    try queue.purge { log.add("purged") }
    try queue.stop { log.add("stopped") }
    _ = kept?.complete(.success)
    #expect(log.all == ["stopped", "purged"])
    try fixture.unload()
  }

  @Test("wdf T104: under one callback lock no two callbacks of a queue overlap, none in dispatch")
  func scope() throws {
    let pool = PoolExecutor(1)
    defer { pool.end() }
    let fixture = try Fixture(.off, executor: pool, yields: true)
    let (inside, overlaps, inDispatch, ended) = (Counter(), Counter(), Counter(), Counter())
    var configuration = handled(.parallel()) { _, request in
      if inside.add() > 1 { overlaps.add() }
      if DispatchSection.isActive { inDispatch.add() }
      inside.add(-1)
      request.complete(.success)
    }
    configuration.options.scope = .queue
    let queue = try fixture.device.makeQueue("q", configuration)
    let sink = Sink { _ in ended.add() }
    let files = try (0..<4).map { try fixture.file("f\($0)") }
    onThreads(4) { index in
      for id in 0..<250 {
        let submit = { try? files[index].submit(read(UInt64(id)), sink: sink, to: queue) }
        if index % 2 == 0 { submit() } else { DispatchSection.run { submit() } }
        if id % 3 == 0 { _ = files[index].cancel(requestID: UInt64(id)) }
      }
    }
    #expect(eventually { ended.value == 1_000 })
    #expect(overlaps.value == 0 && inDispatch.value == 0)
    try fixture.unload()
  }

  @Test("wdf T105: a request that was seen may be gone, and then it is not found")
  func found() throws {
    let fixture = try Fixture()
    let queue = try fixture.device.makeQueue("q", .manual)
    let file = try fixture.file()
    for id in 1...2 { try fixture.queue(UInt64(id), of: file, in: queue) }
    let second = try #require(try queue.find { $0.id == 2 })
    #expect(try queue.find { $0.id == 3 } == nil)
    #expect(queue.count == 2)
    let request = try queue.retrieve(second)
    #expect(request.id == 2)
    request.complete(.success)
    #expect(code { try queue.retrieve(second).complete(.success) } == .notFound)
    #expect(try taken(queue) == 1)
    try fixture.unload()
  }

  @Test("wdf T105: nothing that ends on a passive thread hangs below a request")
  func passiveChild() throws {
    let fixture = try Fixture(executor: ManualExecutor())
    let request = try fixture.file().makeRequest(read(1), sink: fixture.sink)
    let object = try request.object()
    #expect(code { try object.makeTimer("t") { _ in } } == .invalidRequest)
    #expect(code { try object.makeWorkItem("w") { _ in } } == .invalidRequest)
    request.complete(.success)
    try fixture.unload()
  }
}

final class TokenHolder: Sendable {
  private let token: LockedValue<CancelableRequest?>
  init(_ token: consuming CancelableRequest) { self.token = LockedValue(token) }
  func take() -> CancelableRequest? { token.withLock { $0.take() } }
  func drop() { _ = take() }
}
