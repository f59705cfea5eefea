import Platform
import Synchronization
import TestSupport
import Testing

@testable import WDF

@Suite("a client that goes, and threads that meet")
struct ClosingTests {
  /// What a driver does with a request it has in its hands when its client goes.
  enum Handling: String, CaseIterable, Sendable { case forward, mark, requeue, complete }

  @Test(
    "wdf T83, T106: what the driver has in its hands when the client goes is cancelled, once",
    arguments: Handling.allCases)
  func inHands(handling: Handling) throws {
    let fixture = try Fixture()
    let queue = try fixture.device.makeQueue("q", .manual)
    let other = try fixture.device.makeQueue("other", .manual)
    let file = try fixture.file()
    try file.submit(read(1), sink: fixture.sink, to: queue)
    guard let request = try queue.retrieveNext() else { return #expect(Bool(false)) }
    file.close()
    let isMarked = request.isCancelled
    #expect(isMarked)
    #expect(
      code { try file.submit(read(2), sink: fixture.sink, to: queue) } == .deletePending)
    switch handling {
    case .forward: forward(request, to: other)
    case .requeue:
      if case .refused(let request, _) = request.requeue() { request.complete(.internalError) }
    case .complete: request.complete(.cancelled)
    case .mark:
      switch request.markCancelable({ $0.complete(.internalError) }) {
      case .marked(let token):
        Issue.record("marked behind the close")
        _ = token.unmark()
      case .alreadyCancelled(let request): request.complete(.cancelled)
      }
    }
    #expect(fixture.sink.all.map(\.status) == [.cancelled])
    #expect(queue.count == 0 && other.count == 0)
    #expect(file.state == .destroyed)
    try fixture.unload()
  }

  @Test("wdf T106: a submit and a close at once: the request is refused or ended, none stays")
  func submitAgainstClose() throws {
    let fixture = try Fixture(.off)
    let queue = try fixture.device.makeQueue("q", .manual)
    try race(rounds: 1_000, threads: 2) {
      try fixture.device.makeFileObject("f", Log().context("f"))
    } _: { index, file in
      if index == 0 {
        file.close()
      } else {
        try? file.submit(read(1), sink: fixture.sink, to: queue)
      }
    } check: { file in
      #expect(file.pendingCount == 0 && queue.count == 0)
    }
    try fixture.unload()
  }

  @Test("wdf T104: queues that forward to each other under their locks never wait for each other")
  func forwardBothWays() throws {
    let fixture = try Fixture(.off)
    let others = LockedValue<[String: Ref<Queue>]>([:])
    let hopped = LockedValue<Set<UInt64>>([])
    func configuration(_ other: String) -> QueueConfiguration {
      var configuration = QueueConfiguration(.parallel())
      configuration.options = ObjectOptions(scope: .queue)
      configuration.defaultHandler = { _, request in
        let id = request.id
        let isFirst = hopped.withLock { $0.insert(id).inserted }
        if isFirst, let queue = others.withLock({ $0[other] }) {
          sleepBriefly()
          forward(request, to: queue)
        } else {
          request.complete(.success)
        }
      }
      return configuration
    }
    let one = try fixture.device.makeQueue("one", configuration("two"))
    let two = try fixture.device.makeQueue("two", configuration("one"))
    others.withLock { $0 = ["one": one, "two": two] }
    let file = try fixture.file()
    onThreads(4) { index in
      for round in 0..<50 {
        let id = UInt64(index * 1_000 + round)
        try? file.submit(read(id), sink: fixture.sink, to: index % 2 == 0 ? one : two)
      }
    }
    #expect(eventually { fixture.sink.ids.count == 200 })
    #expect(fixture.sink.all.allSatisfy { $0.status == .success })
    others.withLock { $0 = [:] }
    file.close()
    try fixture.unload()
  }

  @Test("wdf DF-1: no callback of a passive object runs in a dispatch section")
  func passiveCallbacks() throws {
    let fixture = try Fixture()
    let inDispatch = Log()
    let note: @Sendable (String) -> Void = { if DispatchSection.isActive { inDispatch.add($0) } }
    let file = try fixture.device.makeFileObject(
      "f", Log().context("f"), onCleanup: { _ in note("cleanup") }, onClose: { _ in note("close") })
    let last = KeptRequest(try file.makeRequest(read(1), sink: fixture.sink))
    let marked = try file.makeRequest(read(2), sink: fixture.sink)
    let outcome = marked.markCancelable { request in
      note("cancel callback")
      request.complete(.cancelled)
    }
    DispatchSection.run { _ = file.cancel(requestID: 2) }
    DispatchSection.run { file.close() }
    #expect(eventually { fixture.sink.ids == [2] })
    DispatchSection.run { last.complete() }
    #expect(eventually { file.state == .destroyed })
    #expect(inDispatch.all.isEmpty)
    if case .marked(let token) = consume outcome { _ = token.unmark() }
    try fixture.unload()
  }

  @Test("no lock is held while a condition of find runs")
  func findAsks() throws {
    let fixture = try Fixture()
    let queue = try fixture.device.makeQueue("q", .manual)
    let file = try fixture.file()
    for id in 1...3 { try file.submit(read(UInt64(id)), sink: fixture.sink, to: queue) }
    let found = try queue.find { parameters in
      if parameters.id == 1 { _ = file.cancel(requestID: 1) }
      return queue.count == 2 && parameters.id == 2
    }
    #expect(found?.parameters.id == 2)
    #expect(try queue.find()?.parameters.id == 2)
    file.close()
    try fixture.unload()
  }

  @Test("a request that is shared has one object, whichever thread asks first")
  func sharedObject() throws {
    final class Shared: Sendable {
      let request: OwnedRequest
      let ids = LockedValue<Set<ObjectID>>([])
      init(_ request: consuming OwnedRequest) { self.request = request }
    }
    let fixture = try Fixture(.off)
    let file = try fixture.file()
    let next = Counter()
    try race(rounds: 500, threads: 3) {
      Shared(try file.makeRequest(read(UInt64(next.add())), sink: fixture.sink))
    } _: { _, shared in
      if let id = try? shared.request.object().id { shared.ids.withLock { _ = $0.insert(id) } }
    } check: { shared in
      #expect(shared.ids.withLock { $0.count } == 1)
    }
    file.close()
    try fixture.unload()
  }

  @Test("a client that completes the next request when it hears of one does so without end")
  func completionInCompletion() throws {
    let fixture = try Fixture(.off)
    let queue = try fixture.device.makeQueue("q", .manual)
    let file = try fixture.file()
    let sink = Sink { _ in
      if let request = (try? queue.retrieveNext()) ?? nil { request.complete(.success) }
    }
    for id in 0..<20_000 { try file.submit(read(UInt64(id)), sink: sink, to: queue) }
    if let request = try queue.retrieveNext() { request.complete(.success) }
    #expect(sink.ids == (0..<20_000).map { UInt64($0) })
    file.close()
    try fixture.unload()
  }
}

@Suite("executors")
struct ExecutorTests {
  @Test("wdf T28: what was put off to an executor that ended runs on the one that replaces it")
  func replaced() throws {
    let (first, second) = (ManualExecutor(), ManualExecutor())
    let fixture = try Fixture(executor: first)
    let runs = Counter()
    let object = try fixture.object("o")
    DispatchSection.run { _ = try? object.delete() }
    let item = try fixture.driver.makeWorkItem("i") { _ in runs.add() }
    try item.enqueue()
    fixture.framework.attach(second)
    second.run()
    #expect(runs.value == 1 && fixture.log.all == ["cleanup o", "destroy o"])
    first.run()
    #expect(runs.value == 1)
    try fixture.unload()
  }

  @Test("wdf T28: what is put off while unloading waits is done by the thread that waits")
  func putOffMeanwhile() throws {
    let executor = ManualExecutor()
    let fixture = try Fixture(executor: executor)
    let kept = KeptRequest()
    var configuration = QueueConfiguration(.sequential)
    configuration.defaultHandler = { _, request in kept.keep(request) }
    let queue = try fixture.device.makeQueue("q", configuration)
    forward(try fixture.driver.makeRequest(read(1), sink: fixture.sink), to: queue)
    let later = TestThread {
      for _ in 0..<50 { sleepBriefly() }
      kept.complete()
    }
    try fixture.unload()
    later.wait()
  }

  @Test("a framework without an executor has timers and work items on a thread of its own")
  func ownThread() throws {
    let fixture = try Fixture()
    let threads = LockedValue<Set<Int32>>([])
    let runs = Counter()
    let note: @Sendable () -> Void = {
      threads.withLock { _ = $0.insert(SystemThread.currentID) }
      runs.add()
    }
    let timer = try fixture.driver.makeTimer("t", period: .milliseconds(1)) { _ in note() }
    let item = try fixture.driver.makeWorkItem("i") { _ in note() }
    try timer.start(after: .zero)
    try item.enqueue()
    #expect(eventually { runs.value >= 5 })
    try timer.stop(waitingUpTo: .seconds(5))
    #expect(fixture.framework.executor.withLock { $0.own?.scheduledCount } == 0)
    #expect(threads.withLock { $0.count == 1 && !$0.contains(SystemThread.currentID) })
    try fixture.unload()
    #expect(fixture.framework.executor.withLock { $0.own == nil })
  }

  @Test("on the executor's own thread a form that waits does what it waits for")
  func waitsOnExecutor() throws {
    let fixture = try Fixture()
    let codes = LockedValue<[WdfError.Code?]>([])
    let other = try fixture.driver.makeWorkItem("other") { _ in }
    let item = try fixture.driver.makeWorkItem("i") { _ in
      let code = code {
        try other.enqueue()
        try other.flush(waitingUpTo: .seconds(5))
      }
      codes.withLock { $0.append(code) }
    }
    try item.enqueue()
    #expect(eventually { codes.withLock { $0 } == [nil] })
    try fixture.unload()
  }

  @Test("wdf T53: an executor that runs work at once loses no tick, and stop cancels the next")
  func eager() throws {
    final class Eager: Executor {
      let scheduled = LockedValue<[ManualExecutor.Entry]>([])
      var isCurrent: Bool { true }
      func post(_ work: @escaping @Sendable () -> Void) { work() }
      func schedule(
        afterNanoseconds delay: UInt64, _ work: @escaping @Sendable () -> Void
      ) -> any ScheduledWork {
        let entry = ManualExecutor.Entry(delay, work)
        scheduled.withLock { $0.append(entry) }
        if delay == 0 { work() }
        return entry
      }
    }
    let executor = Eager()
    let fixture = try Fixture(executor: executor)
    let ticks = Counter()
    let timer = try fixture.driver.makeTimer("t", period: .seconds(60)) { _ in ticks.add() }
    try timer.start(after: .zero)
    #expect(ticks.value == 1)
    #expect(timer.stop())
    let entries = executor.scheduled.withLock { $0 }
    #expect(entries.count == 2 && entries.allSatisfy { !$0.isLive })
    try fixture.unload()
    // Its entries hold the timer, and the timer holds it.
    executor.scheduled.withLock { $0 = [] }
  }

  @Test("wdf WK-12: a work item deleted from its own callback does not run again")
  func abandonedRun() throws {
    let executor = ManualExecutor()
    let fixture = try Fixture(executor: executor)
    let log = fixture.log
    let parent = try fixture.object("P")
    let item = try parent.makeWorkItem("i") { item in
      log.add("run")
      _ = try? item.enqueue()
      _ = try? parent.delete()
    }
    try item.enqueue()
    executor.run()
    #expect(log.all == ["run", "cleanup P", "destroy P"])
    try fixture.unload()
  }

  @Test("wdf T93: leaving a critical region that was not entered changes nothing")
  func unbalancedLeave() {
    CriticalRegion.leave()
    #expect(CriticalRegion.depth == 0)
    CriticalRegion.run { #expect(CriticalRegion.depth == 1) }
    #expect(CriticalRegion.depth == 0)
  }

  @Test("a lock below an object works in that object's cleanup, and not behind it")
  func lockInCleanup() throws {
    let fixture = try Fixture()
    let lock = LockedValue<WaitLock<Int>?>(nil)
    let codes = LockedValue<[WdfError.Code?]>([])
    let tries: @Sendable () -> Void = {
      let found = lock.withLock { $0 }
      let code = code { try found?.withLock { $0 += 1 } }
      codes.withLock { $0.append(code) }
    }
    let object = try fixture.driver.makeChild(
      "o",
      Context<General, Int>(
        make: { _ in 1 }, onCleanup: { _, _ in tries() }, onDestroy: { _, _ in tries() }))
    let made = try object.makeWaitLock("l", 0)
    lock.withLock { $0 = made }
    try object.delete()
    #expect(codes.withLock { $0 } == [nil, .objectDestroyed])
    lock.withLock { $0 = nil }
    try fixture.unload()
  }
}
