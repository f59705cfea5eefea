internal import Synchronization

/// Numbers the opens of all bindings of one driver; no number is given twice.
///
/// A dead open outlives its binding, and a binding that comes back under the same interface index has
/// opens beside it. With one sequence for all of them a number alone says which open is meant: in
/// STATISTICS, in the audit log, and as the owner of a looped record.
///
/// - Shape: 1, 2, 3…: 0 is the number of no open, and 64 bits outlast every daemon
/// - Thread: any
final class OpenNumbers: Sendable {
  private let last = Atomic<UInt64>(0)

  /// The next number.
  func take() -> UInt64 { last.wrappingAdd(1, ordering: .relaxed).newValue }
}
