import Glibc
import Platform
import TestSupport
import Testing

@Suite("Mailbox", .timeLimit(.minutes(15)))
struct MailboxTests {
  @Test("work of eight threads all runs on the loop's thread, each thread's in order")
  func eightThreads() throws {
    let loop = try EventLoop()
    let seen = Box([[Int]](repeating: [], count: 8))
    let strays = Box(0)
    let runner = TestThread { loop.run() }
    let posters = (0..<8).map { poster in
      TestThread {
        for number in 0..<5000 {
          loop.post {
            seen.value[poster].append(number)
            if !loop.isCurrent { strays.value += 1 }
          }
        }
      }
    }
    for poster in posters { poster.join() }
    loop.stop()
    runner.join()
    for poster in 0..<8 { #expect(seen.value[poster] == Array(0..<5000)) }
    #expect(strays.value == 0)
  }

  @Test("a loop that waits without end is woken by a post")
  func wakeUp() throws {
    let loop = try EventLoop()
    let runner = TestThread { loop.run() }
    for _ in 0..<20 {
      usleep(2000)
      let isWaiting = Flag()
      loop.post { isWaiting.clear() }
      #expect(eventually { !isWaiting.isSet })
    }
    loop.stop()
    runner.join()
  }

  @Test("work posted by work runs in the next turn, not in this one")
  func postedByWork() throws {
    let loop = try EventLoop()
    let order = Box([String]())
    let handler = ClosureTurnHandler {
      order.value.append("turn")
      return false
    }
    loop.addTurnHandler(handler)
    loop.post {
      order.value.append("first")
      loop.post { order.value.append("second") }
    }
    loop.turns(2)
    #expect(order.value == ["first", "turn", "second", "turn"])
  }

  @Test("stop runs all that was posted, and what that posts, before run returns")
  func stopDrains() throws {
    let loop = try EventLoop()
    let ran = Box([Int]())
    loop.post {
      loop.stop()
      for number in 0..<3 {
        loop.post {
          ran.value.append(number)
          if number == 2 { loop.post { ran.value.append(3) } }
        }
      }
    }
    loop.run()
    #expect(ran.value == [0, 1, 2, 3])
  }

  @Test("after run has ended a post says that it will not run")
  func postAfterEnd() throws {
    let loop = try EventLoop()
    #expect(loop.post {})
    loop.stop()
    #expect(loop.post {})
    loop.run()
    #expect(!loop.post { Issue.record("it ran") })
  }

  @Test("a stop from another thread ends a loop that waits without end")
  func stopFromOutside() throws {
    let loop = try EventLoop()
    let runner = TestThread { loop.run() }
    usleep(5000)
    #expect(!loop.isCurrent)
    loop.stop()
    runner.join()
  }

  @Test("posts racing with stop either run or are refused")
  func postRacesStop() throws {
    for _ in 0..<50 {
      let loop = try EventLoop()
      let taken = Box(0)
      let ran = Box(0)
      let runner = TestThread { loop.run() }
      let poster = TestThread {
        for _ in 0..<200 where loop.post({ ran.value += 1 }) { taken.value += 1 }
      }
      loop.stop()
      poster.join()
      runner.join()
      #expect(taken.value == ran.value)
    }
  }
}
