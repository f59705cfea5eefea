import Platform
import TestSupport
import Testing

@Suite("Waiting", .timeLimit(.minutes(15)))
struct WaitingTests {
  @Test("a signal between ticket and wait is not lost")
  func eventCountSignalBeforeWait() {
    let count = EventCount()
    let ticket = count.ticket()
    count.signal()
    #expect(count.wait(ticket, untilNanoseconds: nil))
    #expect(!count.wait(count.ticket(), untilNanoseconds: monotonicNanoseconds()))
  }

  @Test("one signal wakes every thread that waits with the ticket before it")
  func eventCountWakesAll() {
    let count = EventCount()
    let ticket = count.ticket()
    let threads = (0..<4).map { _ in
      TestThread { count.wait(ticket, untilNanoseconds: nil) }
    }
    count.signal()
    for thread in threads { thread.join() }
  }

  @Test("a deadline on the monotonic clock ends a wait, not before it")
  func eventCountDeadline() {
    let count = EventCount()
    let deadline = monotonicNanoseconds() + 20_000_000
    #expect(!count.wait(count.ticket(), untilNanoseconds: deadline))
    #expect(monotonicNanoseconds() >= deadline)
  }

  @Test("an event that is set lets one wait through, however often it was set")
  func autoResetEvent() {
    let event = AutoResetEvent()
    #expect(!event.wait(milliseconds: 0))
    event.set()
    event.set()
    #expect(event.wait(milliseconds: 0))
    #expect(!event.wait(milliseconds: 1))
  }

  @Test("an event set on another thread ends a wait that has begun")
  func autoResetEventAcrossThreads() {
    let (event, answer) = (AutoResetEvent(), AutoResetEvent())
    let thread = TestThread {
      if event.wait(milliseconds: Patience.milliseconds) { answer.set() }
    }
    event.set()
    #expect(answer.wait(milliseconds: Patience.milliseconds))
    thread.join()
  }

  @Test("a timed lock that is held is not taken in time, and is when it was freed")
  func timedLock() {
    let lock = TimedLock()
    #expect(lock.lock(untilNanoseconds: nil))
    #expect(!lock.lock(untilNanoseconds: monotonicNanoseconds() + 1_000_000))
    let thread = TestThread { lock.unlock() }
    #expect(lock.lock(untilNanoseconds: nil))
    thread.join()
    lock.unlock()
  }

  @Test("threads that take a timed lock and a locked value exclude each other")
  func exclusion() {
    let lock = TimedLock()
    let counts = Counts()
    let threads = (0..<4).map { _ in
      TestThread {
        for _ in 0..<2_000 {
          _ = lock.lock(untilNanoseconds: nil)
          counts.unguarded += 1
          lock.unlock()
          counts.guarded.withLock { $0 += 1 }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(counts.unguarded == 8_000)
    #expect(counts.guarded.withLock { $0 } == 8_000)
  }
}

/// What the threads count.
private final class Counts: @unchecked Sendable {
  // @unchecked: `unguarded` is touched under the timed lock only, which is what is tested.
  var unguarded = 0
  let guarded = LockedValue(0)
}
