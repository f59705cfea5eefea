/// The delay before the next attempt to reopen.
struct RetryDelay {
  private var milliseconds: UInt64 = 10
  /// Whether no attempt has been refused yet.
  private(set) var isFirstRefusal = true

  /// The next delay in nanoseconds: 10 ms, doubled each time up to half a second; 2 s after a
  /// refusal, which only an administrator can change.
  mutating func next(isPassing: Bool) -> UInt64 {
    guard isPassing else {
      isFirstRefusal = false
      return 2_000_000_000
    }
    defer { milliseconds = min(2 * milliseconds, 500) }
    return milliseconds * 1_000_000
  }
}
