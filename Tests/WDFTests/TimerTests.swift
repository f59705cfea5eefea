import Synchronization
import TestSupport
import Testing

@testable import WDF

@Suite("timers and work items")
struct TimerTests {
  @Test("wdf T36: posted work runs beside timers that are always due, and these beside such work")
  func fairExecutor() throws {
    let executor = try #require(ThreadExecutor("fair"))
    let (isOver, posted, fired) = (Counter(), Counter(), Counter())
    @Sendable func fire() {
      fired.add()
      if isOver.value == 0 { _ = executor.schedule(afterNanoseconds: 0, fire) }
    }
    for _ in 0..<8 { _ = executor.schedule(afterNanoseconds: 0, fire) }
    #expect(eventually { fired.value > 100 })
    executor.post { posted.add() }
    #expect(eventually { posted.value == 1 })
    @Sendable func post() {
      if isOver.value == 0 { executor.post(post) }
    }
    for _ in 0..<8 { executor.post(post) }
    let before = fired.value
    #expect(eventually { fired.value > before + 100 })
    isOver.add()
    executor.end()
  }

  @Test("wdf T50: a work item enqueued five times runs once, and again if it asks for it")
  func coalescing() throws {
    let executor = ManualExecutor()
    let fixture = try Fixture(executor: executor)
    let runs = Counter()
    let item = try fixture.driver.makeWorkItem("i") { item in
      if runs.add() == 1 { _ = try? item.enqueue() }
    }
    #expect(try item.enqueue())
    for _ in 0..<4 { #expect(try !item.enqueue()) }
    executor.run()
    #expect(runs.value == 2)
    try fixture.unload()
  }

  @Test("wdf T51: a delete from the older of two runs cleans up there, and destroys after both")
  func overlappingRuns() throws {
    let pool = PoolExecutor(2)
    defer { pool.end() }
    let fixture = try Fixture(executor: pool)
    for _ in 0..<50 {
      let runs = Counter()
      let (secondIsIn, secondMayEnd) = (Signal(), Signal())
      let item = try fixture.driver.makeWorkItem("i") { item in
        if runs.add() == 1 {
          _ = try? item.enqueue()
          secondIsIn.wait()
          #expect((try? item.delete()) == .completed)
          #expect(item.state == .deletedAndDisposed)
          secondMayEnd.set()
        } else {
          secondIsIn.set()
          secondMayEnd.wait()
        }
      }
      try item.enqueue()
      #expect(eventually { item.state == .destroyed })
      #expect(runs.value == 2)
    }
    try fixture.unload()
  }

  @Test("wdf T52: a stop that waits defeats a restart from the callback")
  func stopAgainstRestart() throws {
    let pool = PoolExecutor(2)
    defer { pool.end() }
    let fixture = try Fixture(executor: pool)
    let fired = Counter()
    let timer = try fixture.driver.makeTimer("t") { timer in
      fired.add()
      _ = try? timer.start(after: .microseconds(200))
    }
    for _ in 0..<40 {
      let before = fired.value
      try timer.start(after: .microseconds(100))
      #expect(eventually { fired.value > before })
      try timer.stop(waitingUpTo: .seconds(60))
      let after = fired.value
      sleepBriefly()
      #expect(fired.value == after)
    }
    try fixture.unload()
  }

  @Test("wdf T53: a periodic timer skips the ticks its callback is too slow for")
  func slowPeriodic() throws {
    let executor = ManualExecutor()
    let fixture = try Fixture(executor: executor)
    let (runs, inside, overlaps) = (Counter(), Counter(), Counter())
    let timer = try fixture.driver.makeTimer("t", period: .milliseconds(10)) { _ in
      if inside.add() > 1 { overlaps.add() }
      // Three more ticks come while this callback runs.
      if runs.add() == 1 { executor.advance(milliseconds: 35) }
      inside.add(-1)
    }
    try timer.start(after: .milliseconds(10))
    executor.advance(milliseconds: 10)
    #expect(runs.value == 1 && overlaps.value == 0)
    executor.advance(milliseconds: 20)
    #expect(runs.value >= 2 && overlaps.value == 0)
    #expect(timer.stop())
    let after = runs.value
    executor.advance(milliseconds: 100)
    #expect(runs.value == after)
    try fixture.unload()
  }

  @Test("wdf T53: a timer deleted from its own callback ends after it, without hanging")
  func deletesItself() throws {
    let executor = ManualExecutor()
    let fixture = try Fixture(executor: executor)
    let timer = try fixture.driver.makeTimer("t") { timer in
      #expect((try? timer.delete()) == .deferred)
      #expect(timer.state == .deferredDeleting)
    }
    try timer.start(after: .zero)
    executor.advance(milliseconds: 1)
    executor.run()
    #expect(timer.state == .destroyed)
    try fixture.unload()
  }

  @Test("a one-shot timer fires once, and a start counts anew")
  func oneShot() throws {
    let executor = ManualExecutor()
    let fixture = try Fixture(executor: executor)
    let fired = Counter()
    let timer = try fixture.driver.makeTimer("t") { _ in fired.add() }
    #expect(try !timer.start(after: .milliseconds(10)))
    executor.advance(milliseconds: 9)
    #expect(try timer.start(after: .milliseconds(10)))
    executor.advance(milliseconds: 9)
    #expect(fired.value == 0)
    executor.advance(milliseconds: 1)
    #expect(fired.value == 1)
    executor.advance(milliseconds: 50)
    #expect(fired.value == 1)
    try fixture.unload()
  }

  @Test("wdf T108: once deleting began neither starts nor runs")
  func startAfterDelete() throws {
    let executor = ManualExecutor()
    let fixture = try Fixture(executor: executor)
    let runs = Counter()
    let timer = try fixture.driver.makeTimer("t") { _ in runs.add() }
    let item = try fixture.driver.makeWorkItem("i") { _ in runs.add() }
    try timer.start(after: .milliseconds(1))
    try timer.delete()
    try item.delete()
    #expect(code { try timer.start(after: .zero) } == .deletePending)
    #expect(code { try item.enqueue() } == .objectDestroyed)
    executor.advance(milliseconds: 10)
    executor.run()
    #expect(runs.value == 0)
    try fixture.unload()
  }

  @Test("wdf T108: work that excludes its parent's callbacks needs a passive parent")
  func serializedLevel() throws {
    let fixture = try Fixture()
    let parent = try fixture.object("P", ObjectOptions(level: .dispatch))
    #expect(
      code { try parent.makeWorkItem("i", isSerialized: true) { _ in } } == .levelIncompatible)
    _ = try parent.makeWorkItem("i") { _ in }
    try fixture.unload()
  }

  @Test("wdf WK-12: deleting a work item waits for its run, and unloading runs what was dropped")
  func deleteWaits() throws {
    let executor = ManualExecutor()
    let fixture = try Fixture(executor: executor)
    let runs = Counter()
    let item = try fixture.driver.makeWorkItem("i") { _ in runs.add() }
    try item.enqueue()
    #expect(try item.delete() == .deferred)
    #expect(item.state == .deferredDeleting)
    try fixture.unload()
    #expect(runs.value == 1)
  }
}
