import Platform
import Synchronization
import Testing

@testable import WDF

@Suite("locks and critical regions")
struct LockTests {
  @Test("wdf T90: taking a lock twice on one thread is refused, whatever lock it is")
  func recursion() throws {
    let fixture = try Fixture(.off)
    let wait = try fixture.driver.makeWaitLock("wait", 0)
    let nothing: (inout sending Int) throws(WdfError) -> Void = { _ in }
    #expect(try wait.withLock { _ in code { try wait.withLock(nothing) } } == .lockRecursion)
    #expect(
      try wait.withLock { _ in code { try wait.withLock(waitingUpTo: .zero, nothing) } }
        == .lockRecursion)
    var configuration = QueueConfiguration.manual
    configuration.options.scope = .queue
    let queue = try fixture.device.makeQueue("q", configuration)
    let inCallback = try queue.withCallbackLock { () throws(WdfError) -> WdfError.Code? in
      code { try queue.withCallbackLock { () throws(WdfError) -> Void in } }
    }
    #expect(inCallback == .lockRecursion)
    try wait.withLock { $0 += 1 }
    #expect(try wait.withLock { $0 } == 1)
    try fixture.unload()
  }

  @Test("wdf T92: waiting for a lock ends at its limit, and is refused in a dispatch section")
  func limits() throws {
    let fixture = try Fixture()
    let lock = try fixture.driver.makeWaitLock("l", 0)
    let (isIn, mayLeave) = (Signal(), Signal())
    let holder = TestThread {
      try? lock.withLock { _ in
        isIn.set()
        mayLeave.wait()
      }
    }
    isIn.wait()
    let nothing: (inout sending Int) throws(WdfError) -> Void = { _ in }
    #expect(code { try lock.withLock(waitingUpTo: .zero, nothing) } == .timedOut)
    let start = monotonicNanoseconds()
    #expect(code { try lock.withLock(waitingUpTo: .milliseconds(20), nothing) } == .timedOut)
    #expect(monotonicNanoseconds() - start >= 20_000_000)
    let inDispatch = DispatchSection.run { code { try lock.withLock(nothing) } }
    #expect(inDispatch == .wouldDeadlock)
    mayLeave.set()
    holder.wait()
    #expect(DispatchSection.run { code { try lock.withLock(waitingUpTo: .zero, nothing) } } == nil)
    try fixture.unload()
  }

  @Test("wdf T93: a callback that leaves a critical region entered is reported by name")
  func leakedRegion() throws {
    let fixture = try Fixture()
    let object = try fixture.driver.makeChild(
      "o", Context<General, Int>(make: { _ in 1 }, onCleanup: { _, _ in CriticalRegion.enter() }))
    try object.delete()
    CriticalRegion.leave()
    let report = try #require(fixture.reports.of(.lockLeak).first)
    #expect(report.name == "o" && report.detail.hasPrefix("cleanup left 1 critical regions"))
    try fixture.unload()
  }

  @Test("wdf T95: a lock deleted while held ends after its body, and lends no more")
  func deletedWhileHeld() throws {
    let fixture = try Fixture()
    let anywhere = try fixture.driver.makeWaitLock("w", 0)
    try anywhere.withLock { value in
      _ = try? anywhere.object.delete()
      value = 1
      #expect(anywhere.object.state == .deletedAndDisposed)
    }
    #expect(anywhere.object.state == .destroyed)
    #expect(code { try anywhere.withLock { $0 } } == .objectDestroyed)
    try fixture.unload()
  }

  @Test("locks keep what they guard to one thread at a time")
  func exclusion() throws {
    let fixture = try Fixture(.off, yields: true)
    let wait = try fixture.driver.makeWaitLock("w", 0)
    onThreads(4) { _ in
      for _ in 0..<500 { try? wait.withLock { $0 += 1 } }
    }
    #expect(try wait.withLock { $0 } == 2_000)
    try fixture.unload()
  }
}

@Suite("verifier")
struct VerifierTests {
  @Test("wdf T109: with the verifier off none of it is watched")
  func off() throws {
    let fixture = try Fixture(.off)
    for index in 0..<3 { try fixture.object("\(index)").delete() }
    let object = try fixture.object("o")
    try object.delete()
    try object.delete()
    #expect(fixture.reports.codes.isEmpty)
    #expect(fixture.framework.snapshot().allSatisfy { $0.history.isEmpty })
    try fixture.unload()
  }

  @Test("wdf T109: the sink is called for one report at a time, and not without end")
  func sink() throws {
    let (inside, overlaps, calls) = (Counter(), Counter(), Counter())
    let reporter = Reporter { _ in
      if inside.add() > 1 { overlaps.add() }
      calls.add()
      inside.add(-1)
    }
    onThreads(8) { _ in
      for _ in 0..<1_000 { reporter.report(.state, nil, nil, "x", "y") }
    }
    #expect(overlaps.value == 0)
    // The first four, then 8, 16, … 4096.
    #expect(calls.value == 4 + 10)
  }

  @Test("the trace ring keeps the last 4,096 events, and none while off")
  func trace() throws {
    let fixture = try Fixture()
    let ring = fixture.framework.traceRing
    _ = try fixture.object("unseen")
    #expect(ring.events.isEmpty)
    ring.start()
    for index in 0..<5_000 { ring.record(.send, "frame", nil, UInt64(index)) }
    let events = ring.events
    #expect(events.count == TraceRing.capacity)
    #expect(events.first?.first == 904 && events.last?.first == 4_999)
    ring.stop()
    ring.record(.send, "frame")
    #expect(ring.events.last?.first == 4_999)
    try fixture.unload()
  }

  @Test("a snapshot tells kind, name, state, pins, contexts and parent of every object")
  func snapshot() throws {
    let fixture = try Fixture()
    let object = try fixture.object("o")
    _ = try object.makeChild("child")
    let all = fixture.framework.snapshot()
    #expect(all.map(\.name) == ["driver", "device", "o", "child"])
    let child = try #require(all.last)
    #expect(child.parent == object.id && child.kind == .general && child.state == .created)
    #expect(child.pinCount == 1 && child.contexts.isEmpty && child.holders.isEmpty)
    #expect(child.history.map(\.state) == [.created])
    try object.withContext(Named.self) { _ in
      let held = fixture.framework.snapshot().first { $0.id == object.id }
      #expect(held?.holders.map(\.tag) == ["withContext Named"] && held?.pinCount == 2)
    }
    try fixture.unload()
  }
}
