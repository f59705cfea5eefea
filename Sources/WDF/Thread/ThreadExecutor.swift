internal import Platform
internal import Synchronization

/// An executor with a thread of its own: the default of a framework without an attached one.
///
/// Dropping the last reference ends the thread.
///
/// - Thread: any
public final class ThreadExecutor: Executor {
  private let queue = TimedWorkQueue()

  /// Starts the thread; nil if that fails.
  ///
  /// - Arguments: `name`: names the thread, 15 bytes of it
  public init?(_ name: String) {
    guard (try? SystemThread.start(name, { [queue] in queue.run() })) != nil else { return nil }
  }

  deinit { queue.end() }

  /// Runs `work` soon, in the order of posting.
  public func post(_ work: @escaping @Sendable () -> Void) { queue.post(work) }

  /// Runs `work` once, not before `delay` nanoseconds from now.
  ///
  /// - Complexity: O(log n) of the scheduled work, as for cancelling
  public func schedule(
    afterNanoseconds delay: UInt64, _ work: @escaping @Sendable () -> Void
  ) -> any ScheduledWork {
    queue.schedule(monotonicNanoseconds() &+ min(delay, .max / 2), work)
  }

  /// Whether the caller is on the executor's thread.
  public var isCurrent: Bool { queue.threadID == SystemThread.currentID }

  /// The number of scheduled pieces of work.
  var scheduledCount: Int { queue.scheduledCount }

  /// Ends the thread and drops the work that has not run; waits for the thread unless it is the
  /// caller's.
  func end() {
    queue.end()
    if !isCurrent { queue.waitForEnd() }
  }
}

/// The posted and scheduled work of a thread executor.
///
/// The two take turns: neither a timer that is always due nor work that always posts more keeps the
/// other from running.
private final class TimedWorkQueue: Sendable {
  private struct State {
    var posted = PostedWork()
    var scheduled = DeadlineHeap<Scheduled>()
    /// Whether posted work goes first, because scheduled work ran last.
    var isPostedNext = true
    var isEnding = false
    var hasEnded = false

    mutating func next(nowNanoseconds now: UInt64) -> (@Sendable () -> Void)? {
      if isPostedNext, let work = posted.takeFirst() {
        isPostedNext = false
        return work
      }
      isPostedNext = true
      return scheduled.popDue(now)?.work.take() ?? posted.takeFirst()
    }
  }

  /// Posted work in its order.
  private struct PostedWork {
    private var last: [@Sendable () -> Void] = []
    /// The work in front of `last`, the first one at the end.
    private var first: [@Sendable () -> Void] = []

    mutating func append(_ work: @escaping @Sendable () -> Void) { last.append(work) }

    mutating func takeFirst() -> (@Sendable () -> Void)? {
      if first.isEmpty {
        first = last.reversed()
        last.removeAll(keepingCapacity: true)
      }
      return first.popLast()
    }
  }

  /// One scheduled piece of work.
  final class Scheduled: ScheduledWork, DeadlineHeapItem, @unchecked Sendable {
    // The queue's lock guards both.
    var heapIndex = -1
    var work: (@Sendable () -> Void)?
    let queue: TimedWorkQueue

    init(_ queue: TimedWorkQueue, _ work: @escaping @Sendable () -> Void) {
      self.queue = queue
      self.work = work
    }

    func cancel() { queue.cancel(self) }
  }

  private let state = LockedValue(State())
  private let gate = EventCount()
  private let thread = Atomic<Int32>(0)

  var threadID: Int32 { thread.load(ordering: .relaxed) }
  var scheduledCount: Int { state.withLock { $0.scheduled.count } }

  func post(_ work: @escaping @Sendable () -> Void) {
    state.withLock { if !$0.isEnding { $0.posted.append(work) } }
    gate.signal()
  }

  func schedule(_ deadline: UInt64, _ work: @escaping @Sendable () -> Void) -> Scheduled {
    let scheduled = Scheduled(self, work)
    let isNext = state.withLock { state in
      guard !state.isEnding else { return false }
      state.scheduled.insert(scheduled, deadline: deadline)
      return scheduled.heapIndex == 0
    }
    if isNext { gate.signal() }
    return scheduled
  }

  func cancel(_ scheduled: Scheduled) {
    // Dropped outside the lock: releasing captures may run code of theirs.
    _ = state.withLock { state in
      state.scheduled.remove(scheduled)
      return scheduled.work.take()
    }
  }

  func end() {
    let dropped = state.withLock { state in
      state.isEnding = true
      defer { state.posted = PostedWork() }
      return state.posted
    }
    withExtendedLifetime(dropped) { gate.signal() }
  }

  func waitForEnd() {
    while true {
      let ticket = gate.ticket()
      if state.withLock({ $0.hasEnded }) { return }
      gate.wait(ticket, untilNanoseconds: nil)
    }
  }

  /// The thread.
  func run() {
    thread.store(SystemThread.currentID, ordering: .relaxed)
    while true {
      let ticket = gate.ticket()
      switch next() {
      case .work(let work): work()
      case .wait(let deadline): gate.wait(ticket, untilNanoseconds: deadline)
      case .end: return
      }
    }
  }

  private enum Next {
    case work(@Sendable () -> Void)
    case wait(UInt64?)
    case end
  }

  private func next() -> Next {
    let (next, hasEnded): (Next, Bool) = state.withLock { state in
      if state.isEnding {
        state.scheduled.removeAll()
        state.hasEnded = true
        return (.end, true)
      }
      if let work = state.next(nowNanoseconds: monotonicNanoseconds()) {
        return (.work(work), false)
      }
      return (.wait(state.scheduled.nextDeadline), false)
    }
    if hasEnded { gate.signal() }
    return next
  }
}
