/// A counter that only goes up, and threads that wait for it to move.
///
/// Take a ticket, look at what you wait for, then wait with the ticket: a signal in between is not
/// lost.
///
/// - Thread: any
public final class EventCount: Sendable {
  private let count = Monitor(UInt64(0))

  /// Makes one.
  public init() {}

  /// The counter now.
  public func ticket() -> UInt64 { count.withLock { $0 } }

  /// Moves the counter and wakes all that wait.
  public func signal() { count.change { $0 &+= 1 } }

  /// Waits until the counter has left `ticket`.
  ///
  /// - Parameters:
  ///   - ticket: what `ticket()` said
  ///   - deadline: on the monotonic clock; nil is no end
  /// - Returns: false when the deadline passed first
  @discardableResult
  public func wait(_ ticket: UInt64, untilNanoseconds deadline: UInt64?) -> Bool {
    count.wait(untilNanoseconds: deadline, for: { $0 != ticket })
  }
}
