private import Glibc

/// The time of day, as the kernel stamps captured frames.
public func realtimeNanoseconds() -> UInt64 { nanoseconds(CLOCK_REALTIME) }

/// The time that never goes back.
func monotonicNanoseconds() -> UInt64 { nanoseconds(CLOCK_MONOTONIC) }

/// The processor time of the calling thread: a system call of a microsecond and more.
public func threadNanoseconds() -> UInt64 { nanoseconds(CLOCK_THREAD_CPUTIME_ID) }

/// The time of a clock.
private func nanoseconds(_ clock: clockid_t) -> UInt64 {
  var time = timespec()
  unsafe clock_gettime(clock, &time)
  return UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000
    &+ UInt64(truncatingIfNeeded: time.tv_nsec)
}
