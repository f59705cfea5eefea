import Glibc
import Platform
import TestSupport
import Testing

@Suite("Thread identity", .timeLimit(.minutes(15)))
struct ThreadIdentityTests {
  /// What the threads say of themselves.
  private struct Seen: Sendable {
    var handle: UInt = 0
    var isCurrent = false
  }

  @Test(
    "a thread that got the pthread_t of the loop's own, which has ended, is not on the loop (fault 18)"
  )
  func reusedHandle() throws {
    let loop = try EventLoop()
    let first = LockedValue(Seen())
    let runner = TestThread { [loop] in
      loop.stop()
      loop.run()
      first.withLock { $0 = Seen(handle: UInt(pthread_self()), isCurrent: loop.isCurrent) }
    }
    runner.join()
    let (handle, wasCurrent) = first.withLock { ($0.handle, $0.isCurrent) }
    #expect(wasCurrent)
    // glibc gives the stack, and with it the handle, of a thread that ended to the next one.
    var isReused = false
    for _ in 0..<100 where !isReused {
      let next = LockedValue(Seen())
      let thread = TestThread { [loop] in
        next.withLock { $0 = Seen(handle: UInt(pthread_self()), isCurrent: loop.isCurrent) }
      }
      thread.join()
      let seen = next.withLock { $0 }
      #expect(!seen.isCurrent)
      isReused = seen.handle == handle
    }
    #expect(isReused, "no thread got the handle, so nothing was shown")
  }
}
