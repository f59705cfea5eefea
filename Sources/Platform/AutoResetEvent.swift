/// An event that threads can wait for; a successful wait resets it.
///
/// - Thread: `set` on any, `wait` on one that runs no loop
/// - Windows: KEVENT of type SynchronizationEvent
public final class AutoResetEvent: Sendable {
  private let isSet = Monitor(false)

  /// Creates an event that is not set.
  public init() {}

  /// Releases one waiting thread, or the next one that waits.
  public func set() { isSet.change { $0 = true } }

  /// Waits.
  ///
  /// - Returns: false if it timed out
  public func wait(milliseconds: Int32) -> Bool {
    let deadline = monotonicNanoseconds() &+ UInt64(max(0, milliseconds)) * 1_000_000
    return isSet.wait(untilNanoseconds: deadline, for: { $0 }, then: { $0 = false })
  }
}
