/// A lock with a deadline for waiting.
///
/// - Thread: any; not recursive
public final class TimedLock: Sendable {
  private let isHeld = Monitor(false)

  /// Creates an unlocked lock.
  public init() {}

  /// Takes the lock.
  ///
  /// - Returns: false if `deadline` on the monotonic clock passed first
  public func lock(untilNanoseconds deadline: UInt64?) -> Bool {
    isHeld.wait(untilNanoseconds: deadline, for: { !$0 }, then: { $0 = true })
  }

  /// Releases the lock.
  public func unlock() { isHeld.change { $0 = false } }
}
