internal import Platform

/// Decides which job a helper thread does next, as a value.
///
/// Opens precede closes, in the order of submission; an interface has one job running at a time. A
/// job that exceeds its deadline is overdue: its thread no longer counts as a helper, and jobs of
/// its interface are refused until it ends.
/// ```
///   submit ─► waiting ─ next ─► running ─ ended ─► gone
///                                  └ deadline ─► overdue ─ ended ─► gone
/// ```
///
/// - Units: nanoseconds of CLOCK_MONOTONIC
struct HelperSchedule {
  /// What a job does.
  enum Kind: Sendable, CaseIterable {
    case open, close
  }

  /// A job of one interface.
  struct Job: Hashable, Sendable {
    let number: UInt64
    let interfaceIndex: Int32
    let kind: Kind
  }

  /// The progress of a job.
  enum Progress: Equatable {
    /// It waits, or runs; ask again after this time at the earliest.
    case pending(askAfter: UInt64)
    case overdue
    case ended
  }

  /// The most helpers, not counting overdue ones.
  static let maximumThreads = 8
  /// How long a job may take, from its start.
  static let deadlineNanoseconds: UInt64 = 5_000_000_000

  private struct Running {
    let job: Job
    let start: UInt64
    var isOverdue = false
  }

  private var opens: [Job] = []
  private var closes: [Job] = []
  private var running: [UInt64: Running] = [:]
  /// Threads without a job that are about to ask for one.
  private var asking = 0
  private var lastNumber: UInt64 = 0

  /// Adds a job.
  ///
  /// - Returns: nil if the interface has an overdue job
  mutating func submit(_ kind: Kind, of interfaceIndex: Int32, now: UInt64) -> Job? {
    noteOverdue(now)
    let isStuck = running.values.contains {
      $0.isOverdue && $0.job.interfaceIndex == interfaceIndex
    }
    guard !isStuck else { return nil }
    lastNumber &+= 1
    let job = Job(number: lastNumber, interfaceIndex: interfaceIndex, kind: kind)
    if kind == .open { opens.append(job) } else { closes.append(job) }
    return job
  }

  /// Whether to start another thread; it will ask for a job.
  mutating func needsThread(now: UInt64) -> Bool {
    noteOverdue(now)
    let busy = running.values.count { !$0.isOverdue }
    let ready = Set((opens + closes).map(\.interfaceIndex)).count { !isBusy($0) }
    guard asking < ready, busy + asking < Self.maximumThreads else { return false }
    asking += 1
    return true
  }

  /// A thread could not be started.
  mutating func threadFailed() { asking -= 1 }

  /// The job for a thread that asks; nil if there is none, and the thread ends.
  mutating func next(now: UInt64) -> Job? {
    asking -= 1
    guard let job = take(from: \.opens) ?? take(from: \.closes) else { return nil }
    running[job.number] = Running(job: job, start: now)
    return job
  }

  /// A thread has finished its job.
  ///
  /// - Returns: whether it asks for another; a thread that was replaced does not
  mutating func ended(_ job: Job) -> Bool {
    guard let ended = running.removeValue(forKey: job.number) else { return false }
    let busy = running.values.count { !$0.isOverdue }
    guard !ended.isOverdue || busy + asking < Self.maximumThreads else { return false }
    asking += 1
    return true
  }

  /// Withdraws a job that has not begun; false if it has.
  mutating func withdraw(_ job: Job) -> Bool {
    let before = opens.count + closes.count
    opens.removeAll { $0 == job }
    closes.removeAll { $0 == job }
    return opens.count + closes.count < before
  }

  /// The progress of a job.
  mutating func progress(of job: Job, now: UInt64) -> Progress {
    noteOverdue(now)
    if let running = running[job.number] {
      guard !running.isOverdue else { return .overdue }
      let passed = nanosecondsPassed(since: running.start, until: now)
      return .pending(askAfter: Self.deadlineNanoseconds &- passed)
    }
    guard opens.contains(job) || closes.contains(job) else { return .ended }
    // It waits for an overdue one of its own interface.
    let isStuck = running.values.contains {
      $0.isOverdue && $0.job.interfaceIndex == job.interfaceIndex
    }
    return isStuck ? .overdue : .pending(askAfter: Self.deadlineNanoseconds)
  }

  private mutating func noteOverdue(_ now: UInt64) {
    for (number, job) in running
    where nanosecondsPassed(since: job.start, until: now) >= Self.deadlineNanoseconds {
      running[number]?.isOverdue = true
    }
  }

  private func isBusy(_ interfaceIndex: Int32) -> Bool {
    running.values.contains { $0.job.interfaceIndex == interfaceIndex }
  }

  private mutating func take(from list: WritableKeyPath<HelperSchedule, [Job]>) -> Job? {
    guard let index = self[keyPath: list].firstIndex(where: { !isBusy($0.interfaceIndex) }) else {
      return nil
    }
    return self[keyPath: list].remove(at: index)
  }
}
