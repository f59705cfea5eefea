/// A lock that can be waited for until a moment.
///
/// - Thread: any; not recursive
public final class TimedLock: Sendable {
  private let isHeld = Monitor(false)

  /// Makes a free one.
  public init() {}

  /// Takes the lock.
  ///
  /// - Returns: false when `deadline` on the monotonic clock passed first
  public func lock(untilNanoseconds deadline: UInt64?) -> Bool {
    isHeld.wait(untilNanoseconds: deadline, for: { !$0 }, then: { $0 = true })
  }

  /// Frees it.
  public func unlock() { isHeld.change { $0 = false } }
}
