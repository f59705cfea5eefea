private import CLinux
private import Glibc

/// The monotonic time, which all deadlines use.
///
/// - Units: nanoseconds since boot, without the time in suspend
/// - Source: CLOCK_MONOTONIC, clock_gettime(2); it does not fail on Linux
public func monotonicNanoseconds() -> UInt64 { nanoseconds(CLOCK_MONOTONIC) }

/// The time of day, with which the kernel stamps captured frames.
///
/// - Units: nanoseconds since the epoch
public func realtimeNanoseconds() -> UInt64 { nanoseconds(CLOCK_REALTIME) }

/// The processor time of the calling thread: a system call of a microsecond and more.
public func threadNanoseconds() -> UInt64 { nanoseconds(CLOCK_THREAD_CPUTIME_ID) }

/// The time between two readings of a clock; 0 if the later one was made first.
///
/// Threads that read the clock before they take a lock, or write what another one compares, come in
/// either order: a bare difference would then be 584 years.
///
/// - Units: nanoseconds
@inlinable public func nanosecondsPassed(since start: UInt64, until now: UInt64) -> UInt64 {
  now > start ? now &- start : 0
}

private func nanoseconds(_ clock: clockid_t) -> UInt64 {
  var time = timespec()
  unsafe clock_gettime(clock, &time)
  return UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000
    &+ UInt64(truncatingIfNeeded: time.tv_nsec)
}
