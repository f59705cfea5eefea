import Platform
import TestSupport
import Testing

@Suite("Turns", .timeLimit(.minutes(15)))
struct TurnTests {
  let loop: EventLoop
  init() throws { loop = try EventLoop() }

  @Test("a turn is mailbox, ready handlers, due timers, turn handlers")
  func order() throws {
    let order = Box([String]())
    let pair = SocketPair()
    pair.makeNearReadable()
    let turnHandler = ClosureTurnHandler {
      order.value.append("turn handler")
      return false
    }
    let timer = LoopTimer { order.value.append("timer") }
    loop.addTurnHandler(turnHandler)
    loop.arm(timer, afterNanoseconds: 0)
    let registration = try loop.register(
      pair.near, .read, ClosureHandler { _ in order.value.append("ready") })
    loop.post { order.value.append("mailbox") }
    loop.turns(1)
    #expect(order.value == ["mailbox", "ready", "timer", "turn handler"])
    loop.unregister(registration)
  }

  @Test("a turn handler that wants another turn gets it without a wait")
  func wantsTurn() {
    var turns = 0
    let handler = ClosureTurnHandler { [unowned loop] in
      turns += 1
      if turns == 5 { loop.stop() }
      return turns < 5
    }
    loop.addTurnHandler(handler)
    let start = monotonicNanoseconds()
    loop.run()
    #expect(turns == 5 || turns == 6)  // A stop counts from the next mailbox.
    #expect(monotonicNanoseconds() - start < 500_000_000)
  }

  @Test("turn handlers run in the order they were added, and may take themselves out")
  func removal() {
    var order: [String] = []
    var once: ClosureTurnHandler?
    once = ClosureTurnHandler { [unowned loop] in
      order.append("once")
      if let once { loop.removeTurnHandler(once) }
      return false
    }
    let always = ClosureTurnHandler {
      order.append("always")
      return false
    }
    if let once { loop.addTurnHandler(once) }
    loop.addTurnHandler(always)
    loop.turns(3)
    #expect(order == ["once", "always", "always", "always"])
    once = nil
  }

  @Test("a turn handler added by a turn handler begins with the next turn")
  func added() {
    var order: [String] = []
    let second = ClosureTurnHandler {
      order.append("second")
      return false
    }
    var isAdded = false
    let first = ClosureTurnHandler { [unowned loop] in
      order.append("first")
      if !isAdded { loop.addTurnHandler(second) }
      isAdded = true
      return false
    }
    loop.addTurnHandler(first)
    loop.turns(2)
    #expect(order == ["first", "first", "second"])
  }

  @Test("the loop belongs to the thread that made it, then to the one that runs it")
  func thread() throws {
    #expect(loop.isCurrent)
    let inside = Box(false)
    let before = Box(true)
    let runner = TestThread { [loop] in
      before.value = loop.isCurrent
      loop.post {
        inside.value = loop.isCurrent
        loop.preconditionOnLoop()
        loop.stop()
      }
      loop.run()
    }
    runner.join()
    #expect(!before.value)
    #expect(inside.value)
    #expect(!loop.isCurrent)
  }

  @Test("preconditionOnLoop stops the program on another thread")
  func wrongThread() async {
    await #expect(processExitsWith: .failure) {
      let loop = try EventLoop()
      TestThread { loop.preconditionOnLoop() }.join()
    }
  }
}
