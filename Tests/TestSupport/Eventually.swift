import Glibc

/// How long a test waits for what must come.
///
/// It ends a test that hangs and measures nothing: beside other work on the machine a millisecond
/// becomes seconds.
public enum Patience {
  /// In seconds.
  public static let seconds = 60
  /// In milliseconds.
  public static let milliseconds: Int32 = 60_000
  /// In nanoseconds.
  public static let nanoseconds: UInt64 = 60_000_000_000
}

/// Waits until a condition holds; false if it does not in a minute.
public func eventually(_ condition: () -> Bool) -> Bool {
  let start = monotonicSeconds()
  while !condition() {
    guard monotonicSeconds() - start < Patience.seconds else { return condition() }
    usleep(500)
  }
  return true
}

private func monotonicSeconds() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return time.tv_sec
}
