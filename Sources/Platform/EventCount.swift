/// A counter that only increases, and threads that wait for it to change.
///
/// Take a ticket, check the condition, then wait with the ticket: a signal in between is not lost.
///
/// - Thread: any
public final class EventCount: Sendable {
  private let count = Monitor(UInt64(0))

  /// Creates a counter.
  public init() {}

  /// The current value.
  public func ticket() -> UInt64 { count.withLock { $0 } }

  /// Increments the counter and wakes all waiting threads.
  public func signal() { count.change { $0 &+= 1 } }

  /// Waits until the counter differs from `ticket`.
  ///
  /// - Parameters:
  ///   - ticket: the result of `ticket()`
  ///   - deadline: on the monotonic clock; nil waits indefinitely
  /// - Returns: false when the deadline passed first
  @discardableResult
  public func wait(_ ticket: UInt64, untilNanoseconds deadline: UInt64?) -> Bool {
    count.wait(untilNanoseconds: deadline, for: { $0 != ticket })
  }
}
