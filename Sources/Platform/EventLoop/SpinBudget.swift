internal import Synchronization

/// Limits how many threads of a process poll at once: one processor of the machine always stays free,
/// and no two polling threads need the same one.
///
/// - Thread: any
public final class SpinBudget: Sendable {
  /// How many threads may poll at once.
  public let placeCount: Int
  private let takenCount = Atomic(0)

  /// Makes a budget for a machine and a process.
  ///
  /// - Parameters:
  ///   - processorCount: of the machine; with one, nothing polls
  ///   - usableCount: those of them that the process may run on
  public init(processorCount: Int, usableCount: Int) {
    placeCount = max(0, min(processorCount - 1, usableCount))
  }

  /// Makes the budget of this process.
  ///
  /// - Thread: one that may run wherever the process may
  public convenience init() {
    self.init(
      processorCount: SystemThread.processorCount, usableCount: SystemThread.usableProcessorCount)
  }

  /// Takes a place; false if all are taken.
  public func take() -> Bool {
    if takenCount.add(1, ordering: .relaxed).newValue <= placeCount { return true }
    give()
    return false
  }

  /// Gives a place back.
  public func give() { takenCount.subtract(1, ordering: .relaxed) }
}

/// Decides whether a thread without work polls or waits: it polls for a bounded time after its last
/// work, if the budget has a place.
/// ```
///   work ──► polling, with a place ──the time is up──► waiting, without one
///     ▲            └── work ──┐             │
///     └────────────◄──────────┴─────work────┘
/// ```
///
/// - Thread: the one that polls
public struct Spinner: ~Copyable {
  /// How long to poll after the last work.
  public let nanoseconds: UInt64
  private let budget: SpinBudget
  private var end: UInt64 = 0
  private var hasPlace = false

  /// Creates a spinner that waits until there was work.
  public init(nanoseconds: UInt64, budget: SpinBudget) {
    self.nanoseconds = nanoseconds
    self.budget = budget
  }

  deinit { if hasPlace { budget.give() } }

  /// There was work, up to now.
  public mutating func worked(atNanoseconds now: UInt64) {
    let (end, isPastEnd) = now.addingReportingOverflow(nanoseconds)
    self.end = isPastEnd ? .max : end
  }

  /// Whether to poll once more; otherwise the place is given back, and the thread waits.
  public mutating func polls(atNanoseconds now: UInt64) -> Bool {
    guard now < end else {
      if hasPlace { budget.give() }
      hasPlace = false
      return false
    }
    if !hasPlace { hasPlace = budget.take() }
    // After a refusal it waits for new work: a place that becomes free later would not help this work.
    if !hasPlace { end = 0 }
    return hasPlace
  }
}
