/// The framework's source of threads and time: an event loop outside this module.
///
/// Work runs in the order of posting. A loop that has ended may drop work: the executor attached
/// next does the deferred work, or the thread that unloads.
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

/// Scheduled work.
public protocol ScheduledWork: AnyObject, Sendable {
  /// Drops the work, and what it captured, unless it has begun; a second call does nothing.
  func cancel()
}
