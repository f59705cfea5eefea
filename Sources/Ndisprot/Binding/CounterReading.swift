internal import WDF

/// Reads the kernel's 32-bit counters periodically, so that no wraparound goes unseen (law D1).
///
/// - Thread: the binding's thread
final class CounterReading: @unchecked Sendable {  // See Thread.
  /// The longest interval: 2^32 frames take longer at seven million per second.
  static let nanoseconds: UInt64 = 600_000_000_000

  private let executor: any Executor
  private let read: () -> Void
  private var next: (any ScheduledWork)?

  init(_ executor: any Executor, _ read: @escaping () -> Void) {
    self.executor = executor
    self.read = read
  }

  /// Starts reading; has no effect if already started.
  func start() {
    guard next == nil else { return }
    next = executor.schedule(afterNanoseconds: Self.nanoseconds) { [weak self] in self?.isDue() }
  }

  /// Stops reading.
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
