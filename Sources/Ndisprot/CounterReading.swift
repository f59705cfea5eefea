internal import WDF

/// Reads the kernel's 32-bit counters now and then, so that none passes its end unseen (law D1).
///
/// - Thread: the binding's thread
final class CounterReading: @unchecked Sendable {  // See Thread.
  /// How often, at the least: 2^32 frames take longer at seven million a second.
  static let nanoseconds: UInt64 = 600_000_000_000

  private let executor: any Executor
  private let read: () -> Void
  private var next: (any ScheduledWork)?

  init(_ executor: any Executor, _ read: @escaping () -> Void) {
    self.executor = executor
    self.read = read
  }

  /// Reads from now on; it may have begun before.
  func start() {
    guard next == nil else { return }
    next = executor.schedule(afterNanoseconds: Self.nanoseconds) { [weak self] in self?.isDue() }
  }

  /// Reads no more.
  func stop() {
    next?.cancel()
    next = nil
  }

  private func isDue() {
    next = nil
    read()
    start()
  }
}
