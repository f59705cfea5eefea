import Platform
import Synchronization
import TestSupport
import Testing

@testable import WDF

@Suite("putting off to a thread that may wait")
struct DeferralTests {
  @Test("wdf T25: a passive object deleted in a dispatch section is cleaned up later, elsewhere")
  func passiveObject() throws {
    let pool = PoolExecutor(1)
    defer { pool.end() }
    let fixture = try Fixture(executor: pool)
    let here = SystemThread.currentID
    let object = try fixture.driver.makeChild(
      "o",
      Context<General, Int>(
        make: { _ in 1 },
        onCleanup: { _, _ in
          fixture.log.add("cleanup \(SystemThread.currentID != here) \(DispatchSection.isActive)")
        },
        onDestroy: { _, _ in fixture.log.add("destroy \(DispatchSection.isActive)") }))
    let outcome = DispatchSection.run {
      let outcome = try? object.delete()
      return outcome
    }
    #expect(outcome == .deferred)
    #expect(eventually { object.state == .destroyed })
    #expect(fixture.log.all == ["cleanup true false", "destroy false"])
    try fixture.unload()
  }

  @Test("wdf T25: nothing is cleaned up before the dispose thread comes to it")
  func nothingBefore() throws {
    let executor = ManualExecutor()
    let fixture = try Fixture(executor: executor)
    let object = try fixture.object("o")
    DispatchSection.run { #expect((try? object.delete()) == .deferred) }
    #expect(fixture.log.all.isEmpty)
    #expect(object.state == .deferredDeleting)
    #expect(try object.delete() == .alreadyDeleting)
    executor.run()
    #expect(fixture.log.all == ["cleanup o", "destroy o"])
    try fixture.unload()
  }

  @Test("wdf T26: a passive grandchild parks the walk above it, and each cleanup runs once")
  func passiveGrandchild() throws {
    let executor = ManualExecutor()
    let fixture = try Fixture(executor: executor)
    let anywhere = ObjectOptions(level: .dispatch)
    let parent = try fixture.object("P", anywhere)
    let x = try parent.makeChild("X", fixture.log.context("X"), options: anywhere)
    let first = try x.makeChild("X1", fixture.log.context("X1"), options: anywhere)
    let passive = try x.makeChild(
      "X2", fixture.log.context("X2"), options: ObjectOptions(level: .passive))
    DispatchSection.run { #expect((try? parent.delete()) == .deferred) }
    #expect(fixture.log.all == ["cleanup X1"])
    #expect(first.state == .disposed)
    #expect(passive.state == .deferredDisposing && x.state == .deferredDisposing)
    #expect(parent.state == .deferredDeleting)
    executor.run()
    let order = ["X1", "X2", "X", "P"]
    #expect(fixture.log.all == order.map { "cleanup \($0)" } + order.map { "destroy \($0)" })
    try fixture.unload()
  }

  @Test("wdf T26: a passive child puts the whole delete off, and the history shows the parking")
  func passiveChild() throws {
    let executor = ManualExecutor()
    let fixture = try Fixture(executor: executor)
    let parent = try fixture.object("P", ObjectOptions(level: .dispatch))
    _ = try parent.makeChild(
      "C", fixture.log.context("C"), options: ObjectOptions(level: .passive))
    DispatchSection.run { #expect((try? parent.delete()) == .deferred) }
    #expect(fixture.log.all.isEmpty)
    let history = try #require(fixture.framework.snapshot().first { $0.name == "P" }).history
    #expect(history.map(\.state) == [.created, .deferredDeleting])
    executor.run()
    #expect(fixture.log.all.count == 4)
    try fixture.unload()
  }

  @Test(
    "wdf T27: the last pin of a passive object, dropped in a dispatch section, puts destroy off")
  func lastPin() throws {
    let executor = ManualExecutor()
    let fixture = try Fixture(executor: executor)
    let object = try fixture.object("o")
    try object.core.pin("test")
    try object.delete()
    #expect(fixture.log.all == ["cleanup o"])
    DispatchSection.run { object.core.unpin("test") }
    #expect(fixture.log.all == ["cleanup o"])
    #expect(object.state == .deferredDestroy)
    executor.run()
    #expect(fixture.log.all == ["cleanup o", "destroy o"])
    try fixture.unload()
  }

  @Test(
    "wdf T28: the dispose list is worked off in order, one at a time, with what comes meanwhile")
  func disposeList() throws {
    let pool = PoolExecutor(2)
    defer { pool.end() }
    let fixture = try Fixture(executor: pool)
    let (inside, overlaps) = (Counter(), Counter())
    let more = LockedValue<[Ref<General>]>([])
    for index in 0..<10 { try more.withLock { $0.append(try fixture.object("m\(index)")) } }
    let objects = try (0..<100).map { index in
      try fixture.driver.makeChild(
        "o\(index)",
        Context<General, Int>(
          make: { _ in index },
          onCleanup: { _, index in
            if inside.add() > 1 { overlaps.add() }
            defer { inside.add(-1) }
            fixture.log.add("\(index)")
            guard index == 0 else { return }
            DispatchSection.run { for object in more.withLock({ $0 }) { _ = try? object.delete() } }
          }))
    }
    DispatchSection.run { for object in objects { _ = try? object.delete() } }
    #expect(eventually { fixture.framework.liveObjectCount(of: .general) == 0 })
    #expect(fixture.log.all.filter { Int($0) != nil } == (0..<100).map { "\($0)" })
    #expect(fixture.log.all.count { $0.hasPrefix("destroy m") } == 10)
    #expect(overlaps.value == 0)
    try fixture.unload()
  }

  @Test("wdf T28: unloading does what the executor dropped")
  func droppedByExecutor() throws {
    let fixture = try Fixture(executor: ManualExecutor())
    let object = try fixture.object("o")
    DispatchSection.run { _ = try? object.delete() }
    try fixture.unload()
    #expect(fixture.log.count("destroy o") == 1)
  }

  @Test("wdf DF-8: without an executor the framework finds a thread of its own")
  func ownThread() throws {
    let fixture = try Fixture()
    let object = try fixture.object("o")
    DispatchSection.run { _ = try? object.delete() }
    #expect(eventually { object.state == .destroyed })
    try fixture.unload()
  }
}
