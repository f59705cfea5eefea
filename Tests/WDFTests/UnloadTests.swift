import Glibc
import Platform
import Synchronization
import TestSupport
import Testing

@testable import WDF

@Suite("driver and unload")
struct UnloadTests {
  @Test("wdf T40: an entry that fails is taken back without the unload callback")
  func failedEntry() throws {
    let log = Log()
    let fixture = try Fixture(onUnload: { _ in log.add("unload") })
    _ = try fixture.object("o")
    try fixture.driver.abandonEntry()
    #expect(log.all.isEmpty)
    #expect(
      fixture.log.all == [
        "cleanup device", "cleanup o", "cleanup driver", "destroy device", "destroy o",
        "destroy driver",
      ])
    #expect(code { try fixture.framework.driver } == .noDriver)
  }

  @Test("wdf T41: unloading goes by its steps: sessions, callback, workers, cleanups, destroys")
  func sequence() throws {
    let log = Log()
    let fixture = try Fixture(onUnload: { _ in log.add("unload callback") })
    let session = try fixture.device.makeFileObject(
      "file",
      Context<FileObject, Int>(make: { _ in 1 }, onDestroy: { _, _ in log.add("file destroy") }),
      onCleanup: { _ in log.add("file cleanup") }, onClose: { _ in log.add("file close") })
    let binding = try fixture.device.makeChild("binding")
    let reads = try binding.makeQueue("reads", .manual)
    let oids = try binding.makeQueue("oids", .manual)
    try fixture.queue(1, of: session, in: reads)
    let waiter = Sink { _ in log.add("oid told") }
    forward(try fixture.driver.makeRequest(read(2), sink: waiter), to: oids)
    _ = try fixture.driver.spawnWorker(
      "loop", stopPhase: .unloadCallbackReturned, onStop: { log.add("worker asked") }
    ) { token in
      while !token.isStopRequested { sleepBriefly() }
      log.add("worker returned")
    }
    try fixture.unload()
    #expect(fixture.sink.status(1) == .cancelled)
    #expect(waiter.status(2) == .cancelled)
    let steps = [
      "file cleanup", "file close", "file destroy", "unload callback", "worker asked",
      "worker returned", "oid told",
    ]
    // The worker's own last word and the wake-up race with each other, nothing else does.
    #expect(log.all.sorted() == steps.sorted())
    #expect(log.all.filter { $0 != "worker asked" } == steps.filter { $0 != "worker asked" })
    #expect(fixture.reports.codes.isEmpty)
  }

  @Test("wdf T42: a callback from outside may run while its door closes, and not after")
  func lateProtocol() throws {
    let gate = LockedValue<CallbackGate?>(nil)
    let seen = Log()
    let (isIn, mayLeave) = (Signal(), Signal())
    let fixture = try Fixture(onUnload: { driver in
      mayLeave.set()
      try? gate.withLock { $0 }?.close(waitingUpTo: .seconds(60))
      _ = gate.withLock { $0 }?.enter("receive") { seen.add("late") }
    })
    let made = CallbackGate(of: fixture.driver)
    gate.withLock { $0 = made }
    let callback = TestThread {
      made.enter("receive") {
        isIn.set()
        mayLeave.wait()
        let name = try? fixture.framework.driver.withContext(Named.self) { $0.name }
        seen.add(name ?? "none")
      }
    }
    isIn.wait()
    try fixture.unload()
    callback.wait()
    #expect(seen.all == ["driver"])
    #expect(fixture.reports.codes == [.lateProtocol])
  }

  @Test("wdf T43: the unload callback may make and delete objects; there need not be one")
  func unloadCallback() throws {
    let codes = LockedValue<[WdfError.Code?]>([])
    let fixture = try Fixture(onUnload: { driver in
      let code = code {
        let object = try driver.makeChild("late", Log().context("late"))
        try object.delete()
      }
      codes.withLock { $0.append(code) }
    })
    try fixture.unload()
    #expect(codes.withLock { $0 } == [nil])
    try Fixture().unload()
  }

  @Test("wdf T44: what late callbacks see at each step")
  func lateCallbacks() throws {
    let found = LockedValue<[String: [WdfError.Code?]]>([:])
    let handle = LockedValue<Ref<Driver>?>(nil)
    let probe: @Sendable (String) -> Void = { step in
      guard let driver = handle.withLock({ $0 }) else { return }
      let codes = [
        code { try driver.core.framework.driver },
        code { try driver.withContext(Int.self) { _ in } }, code { try driver.makeChild("p") },
      ]
      found.withLock { $0[step] = codes }
    }
    let framework = Framework()
    let driver = try framework.makeDriver(
      "d",
      Context<Driver, Int>(
        make: { _ in 1 }, onCleanup: { _, _ in probe("driver cleanup") },
        onDestroy: { _, _ in probe("driver destroy") }), onUnload: { _ in probe("callback") })
    handle.withLock { $0 = driver }
    _ = try driver.makeChild(
      "o",
      Context<General, Int>(
        make: { _ in 1 }, onCleanup: { _, _ in probe("child cleanup") },
        onDestroy: { _, _ in probe("child destroy") }))
    try driver.unload()
    probe("after")
    let expected: [String: [WdfError.Code?]] = [
      "callback": [nil, nil, nil], "child cleanup": [nil, nil, .deletePending],
      "driver cleanup": [nil, nil, .deletePending],
      "child destroy": [nil, .deletePending, .deletePending],
      "driver destroy": [nil, .contextDestroying, .deletePending],
      "after": [.noDriver, .objectDestroyed, .objectDestroyed],
    ]
    #expect(found.withLock { $0 } == expected)
    handle.withLock { $0 = nil }
  }

  @Test("wdf T45: a worker that does not stop blocks unloading, and is named")
  func stuckWorker() throws {
    let fixture = try Fixture(.on)
    let mayEnd = Signal()
    let worker = try fixture.driver.spawnWorker("stuck") { _ in mayEnd.wait() }
    let blocked = #expect(throws: UnloadBlocked.self) {
      try fixture.driver.unload(warnEvery: .milliseconds(50), deadline: .milliseconds(1_000))
    }
    #expect(blocked?.reason == .timedOut && blocked?.stage == 3)
    let holder = try #require(blocked?.holders.first)
    #expect(holder.name == "stuck" && holder.tag == "stuck" && holder.threadID > 0)
    #expect(holder.age >= .milliseconds(1_000))
    let warnings = fixture.reports.all.filter { $0.code == .stuck }
    #expect(warnings.count >= 5 && warnings.allSatisfy { $0.detail.contains("stuck") })
    #expect(fixture.log.all.isEmpty, "nothing was cleaned up or destroyed")
    mayEnd.set()
    #expect(eventually { worker.state == .destroyed })
    fixture.discard()
  }

  @Test("wdf T46: a worker has returned before anything is cleaned up")
  func workerFirst() throws {
    let fixture = try Fixture()
    _ = try fixture.driver.spawnWorker("loop") { token in
      while !token.isStopRequested { sleepBriefly() }
      for _ in 0..<20 { sleepBriefly() }
      fixture.log.add("returned")
    }
    try fixture.unload()
    #expect(fixture.log.all.first == "returned")
  }

  @Test("wdf T46: a worker holds the driver, and its thread has its name and no signals")
  func workerThread() throws {
    let fixture = try Fixture()
    let mayEnd = Signal()
    let worker = try fixture.driver.spawnWorker("named-worker-with-more") { _ in mayEnd.wait() }
    let snapshot = fixture.framework.snapshot()
    let driver = try #require(snapshot.first { $0.kind == .driver })
    #expect(driver.holders.map(\.tag) == ["named-worker-with-more"])
    #expect(driver.pinCount == 2)
    mayEnd.set()
    #expect(eventually { worker.hasEnded && worker.state == .destroyed })
    try fixture.unload()
  }

  @Test("wdf T94: no signal reaches a worker")
  func workerSignals() throws {
    let fixture = try Fixture()
    let blocked = LockedValue<[Bool]>([])
    let done = Signal()
    _ = try fixture.driver.spawnWorker("w") { _ in
      var mask = sigset_t()
      pthread_sigmask(SIG_BLOCK, nil, &mask)
      let found = [SIGUSR1, SIGTERM, SIGINT, SIGHUP, SIGPIPE].map { sigismember(&mask, $0) == 1 }
      blocked.withLock { $0 = found }
      done.set()
    }
    done.wait()
    #expect(blocked.withLock { $0 } == [true, true, true, true, true])
    try fixture.unload()
  }

  @Test("wdf T47: once unloading began nobody is let in")
  func admissionClosed() throws {
    let codes = LockedValue<[WdfError.Code?]>([])
    let device = LockedValue<Ref<ControlDevice>?>(nil)
    let fixture = try Fixture(onUnload: { driver in
      let found = [
        code { try driver.spawnWorker("w") { _ in } },
        code { try device.withLock { $0 }?.makeFileObject("f", Log().context("f")) },
      ]
      codes.withLock { $0 = found }
    })
    device.withLock { $0 = fixture.device }
    try fixture.unload()
    #expect(codes.withLock { $0 } == [.deletePending, .deletePending])
    device.withLock { $0 = nil }
  }

  @Test("wdf T48: who unloads second waits for the first, and gets its result")
  func twoCallers() throws {
    let calls = Counter()
    let fixture = try Fixture(onUnload: { _ in
      calls.add()
      for _ in 0..<20 { sleepBriefly() }
    })
    let failures = Counter()
    onThreads(2) { _ in
      do { try fixture.driver.unload() } catch { failures.add() }
    }
    #expect(calls.value == 1 && failures.value == 0)
    #expect(fixture.log.count("destroy driver") == 1)
  }

  @Test("wdf T49: waiting for oneself is refused")
  func waitingForOneself() throws {
    let executor = ManualExecutor()
    let fixture = try Fixture(.on, executor: executor)
    let found = LockedValue<[WdfError.Code?]>([])
    let timer = try fixture.driver.makeTimer("t") { timer in
      let code = code { try timer.stop(waitingUpTo: nil) }
      found.withLock { $0.append(code) }
    }
    try timer.start(after: .zero)
    executor.advance(milliseconds: 1)
    let item = try fixture.driver.makeWorkItem("i") { item in
      let code = code { try item.flush() }
      found.withLock { $0.append(code) }
    }
    try item.enqueue()
    executor.run()
    let done = Signal()
    _ = try fixture.driver.spawnWorker("w") { _ in
      do throws(UnloadBlocked) {
        try fixture.driver.unload()
        found.withLock { $0.append(nil) }
      } catch {
        found.withLock { $0.append(error.reason) }
      }
      done.set()
    }
    done.wait()
    #expect(found.withLock { $0 } == [.wouldDeadlock, .wouldDeadlock, .wouldDeadlock])
    try fixture.unload()
  }

  @Test("the form with a completion unloads on a thread of its own, also when a worker asks")
  func completionForm() throws {
    let fixture = try Fixture()
    let done = Signal()
    let result = LockedValue<UnloadBlocked?>(nil)
    _ = try fixture.driver.spawnWorker("w") { token in
      fixture.driver.unload { blocked in
        result.withLock { $0 = blocked }
        done.set()
      }
      while !token.isStopRequested { sleepBriefly() }
    }
    #expect(done.wait())
    #expect(result.withLock { $0 } == nil)
    #expect(fixture.framework.liveObjectCount == 0)
  }

  @Test("wdf T54: from queue and file object one gets to device, driver and its context")
  func navigation() throws {
    let fixture = try Fixture()
    let queue = try fixture.device.makeQueue("q", .manual)
    let file = try fixture.file()
    #expect(queue.device == fixture.device && file.device == fixture.device)
    #expect(try queue.driver == fixture.driver)
    #expect(try file.driver.withContext(Named.self) { $0.name } == "driver")
    try fixture.unload()
    #expect(queue.device == fixture.device)
    #expect(code { try queue.driver } == .noDriver)
    #expect(code { try queue.device?.withContext(Named.self) { _ in } } == .objectDestroyed)
  }

  @Test("wdf T55: who waits in a queue is told once when cancelled, and when the binding closes")
  func waitInQueue() throws {
    let fixture = try Fixture()
    let binding = try fixture.device.makeChild("binding", Log().context("binding"))
    let oids = try binding.makeQueue("oids", .manual)
    let first = try fixture.driver.makeRequest(read(1), sink: fixture.sink)
    let reference = first.reference
    forward(first, to: oids)
    forward(try fixture.driver.makeRequest(read(2), sink: fixture.sink), to: oids)
    #expect(reference?.cancel() == .completed)
    #expect(reference?.cancel() == .notFound)
    #expect(fixture.sink.ids == [1])
    try binding.delete()
    #expect(fixture.sink.ids == [1, 2])
    #expect(fixture.sink.status(2) == .cancelled)
    try fixture.unload()
  }

  @Test("wdf T56: a callback that comes before its registration returned finds everything")
  func earlyCallback() throws {
    let fixture = try Fixture()
    let gate = CallbackGate(of: fixture.driver)
    let list = try fixture.driver.makeWaitLock("bindings", [String]())
    let register: (@escaping @Sendable (String) -> Void) -> Void = { callback in callback("eth0") }
    register { name in
      gate.enter("bind") { try? list.withLock { $0.append(name) } }
    }
    #expect(try list.withLock { $0 } == ["eth0"])
    try fixture.unload()
  }

  @Test("wdf T96: a body that does not end is named with kind, tag, thread, age and place")
  func stuckBody() throws {
    let fixture = try Fixture(.on)
    let object = try fixture.object("kept")
    let (isIn, mayLeave) = (Signal(), Signal())
    let body = TestThread {
      _ = try? object.withContext(Named.self) { _ in
        isIn.set()
        mayLeave.wait()
      }
    }
    isIn.wait()
    let blocked = #expect(throws: UnloadBlocked.self) {
      try fixture.driver.unload(warnEvery: .milliseconds(30), deadline: .milliseconds(100))
    }
    #expect(blocked?.stage == 7)
    let holder = try #require(blocked?.holders.first)
    #expect(holder.kind == .general && holder.name == "kept" && holder.object == object.id)
    #expect(holder.tag == "withContext Named" && holder.threadID > 0)
    #expect(holder.age >= .milliseconds(90))
    let site = try #require(fixture.framework.snapshot().first { $0.id == object.id }).site
    #expect(site.fileID.hasSuffix("Fixture.swift") && site.line > 0)
    #expect(!fixture.reports.of(.stuck).isEmpty)
    mayLeave.set()
    body.wait()
  }

  @Test(
    "wdf T97: wherever a create fails, the start fails cleanly or succeeds, and nothing is left",
    arguments: 0..<12)
  func injectedFailure(after count: Int) throws {
    let reports = Reports()
    let framework = reports.framework(executor: ManualExecutor())
    framework.failCreate(after: count)
    let failure = code {
      let driver = try framework.makeDriver("d", Log().context("d"))
      let device = try driver.makeControlDevice("dev", Log().context("dev"))
      _ = try device.makeQueue("default", .manual, isDefault: true)
      device.finishInitializing()
      let binding = try device.makeChild("b", Log().context("b"))
      _ = try binding.makeQueue("q", .manual)
      _ = try driver.makeTimer("t") { _ in }
      _ = try driver.makeWorkItem("w") { _ in }
      try binding.addContext(Context(make: { _ in 1 }))
      _ = try device.makeFileObject("f", Log().context("f"))
    }
    #expect(failure == (count < 9 ? .outOfResources : nil))
    if let driver = try? framework.driver { try driver.abandonEntry() }
    #expect(framework.liveObjectCount == 0)
    #expect(reports.codes.isEmpty)
  }

  @Test("wdf T98: what keeps the tree from ending is listed before and named after")
  func leakedObject() throws {
    let fixture = try Fixture(.on)
    let object = try fixture.object("leaked")
    try object.core.pin("forgotten")
    let before = try #require(fixture.framework.snapshot().first { $0.name == "leaked" })
    #expect(before.state == .created && before.pinCount == 2)
    #expect(before.contexts == ["Named"] && before.parent == fixture.driver.id)
    let blocked = #expect(throws: UnloadBlocked.self) {
      try fixture.driver.unload(deadline: .milliseconds(50))
    }
    #expect(blocked?.holders.map(\.tag) == ["forgotten"])
    let leak = try #require(fixture.reports.of(.leak).first)
    #expect(leak.kind == .general && leak.object == object.id)
    #expect(leak.detail.hasPrefix("driver/leaked, WDFTests/Fixture.swift:"))
    object.core.unpin("forgotten")
    #expect(fixture.framework.liveObjectCount == 0)
  }

  @Test("SIGTERM with a hundred sessions: every request is told once, nothing is left")
  func manySessions() throws {
    let fixture = try Fixture(.off)
    let reads = try fixture.device.makeQueue("reads", .manual)
    for index in 0..<100 {
      let file = try fixture.file("f\(index)")
      try fixture.queue(UInt64(index), of: file, in: reads)
    }
    try fixture.unload()
    #expect(fixture.sink.ids.sorted() == (0..<100).map { UInt64($0) })
  }
}

@Suite("the published framework", .serialized)
struct PublishedFrameworkTests {
  @Test("wdf T40, T44: Driver.current answers from publication to destroy")
  func current() throws {
    #expect(code { try Driver.current } == .noDriver)
    let fixture = try Fixture()
    fixture.framework.publish()
    #expect(try Driver.current == fixture.driver)
    try fixture.unload()
    #expect(code { try Driver.current } == .noDriver)
  }
}
