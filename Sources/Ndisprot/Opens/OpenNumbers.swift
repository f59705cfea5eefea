internal import Synchronization

/// Numbers the opens of all bindings of one driver; no number is used twice.
///
/// A dead open outlives its binding, and may exist beside the opens of a new binding with the same
/// interface index. With one sequence for all of them, the number alone identifies the open: in
/// STATISTICS, in the audit log, and as the owner of a looped record.
///
/// - Shape: 1, 2, 3…: 0 means no open, and 64 bits outlast every daemon
/// - Thread: any
final class OpenNumbers: Sendable {
  private let last = Atomic<UInt64>(0)

  /// The next number.
  func take() -> UInt64 { last.wrappingAdd(1, ordering: .relaxed).newValue }
}
