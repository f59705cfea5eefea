/// Something that happens, and a thread that waits for it; a wait that succeeded resets the event.
///
/// - Thread: `set` on any, `wait` on one that runs no loop
/// - Windows: KEVENT of type SynchronizationEvent
public final class AutoResetEvent: Sendable {
  private let isSet = Monitor(false)

  /// Makes one that is not set.
  public init() {}

  /// Lets one waiting thread go on, or the next that waits.
  public func set() { isSet.change { $0 = true } }

  /// Waits.
  ///
  /// - Returns: false if it did not happen in time
  public func wait(milliseconds: Int32) -> Bool {
    let deadline = monotonicNanoseconds() &+ UInt64(max(0, milliseconds)) * 1_000_000
    return isSet.wait(untilNanoseconds: deadline, for: { $0 }, then: { $0 = false })
  }
}
