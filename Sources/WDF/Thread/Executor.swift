/// Where the framework gets threads and time from: an event loop, outside of this module.
///
/// Work is run in the order of posting. A loop that ended may drop work: the executor attached next
/// does what was put off, or the thread that unloads.
public protocol Executor: AnyObject, Sendable {
  /// Runs `work` soon, on the executor's thread.
  func post(_ work: @escaping @Sendable () -> Void)
  /// Runs `work` once, not before `delay` nanoseconds from now.
  func schedule(
    afterNanoseconds delay: UInt64, _ work: @escaping @Sendable () -> Void
  ) -> any ScheduledWork
  /// Whether the caller is on the executor's thread.
  var isCurrent: Bool { get }
}

/// Work that waits for its time.
public protocol ScheduledWork: AnyObject, Sendable {
  /// Drops the work, and what it captured, unless it has begun; calling twice does nothing.
  func cancel()
}
