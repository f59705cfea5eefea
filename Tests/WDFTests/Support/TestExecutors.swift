import Platform
import Synchronization

@testable import WDF

/// An executor that does nothing until the test says so; its time is the test's.
final class ManualExecutor: Executor {
  final class Entry: ScheduledWork {
    let time: UInt64
    let work: @Sendable () -> Void
    private let isCancelled = Atomic<Bool>(false)
    init(_ time: UInt64, _ work: @escaping @Sendable () -> Void) {
      self.time = time
      self.work = work
    }
    func cancel() { isCancelled.store(true, ordering: .releasing) }
    var isLive: Bool { !isCancelled.load(ordering: .acquiring) }
  }

  private struct State {
    var posted: [@Sendable () -> Void] = []
    var scheduled: [Entry] = []
    var now: UInt64 = 0
  }

  private let state = LockedValue(State())

  func post(_ work: @escaping @Sendable () -> Void) { state.withLock { $0.posted.append(work) } }

  func schedule(
    afterNanoseconds delay: UInt64, _ work: @escaping @Sendable () -> Void
  ) -> any ScheduledWork {
    state.withLock { state in
      let entry = Entry(state.now + delay, work)
      state.scheduled.append(entry)
      return entry
    }
  }

  var isCurrent: Bool { false }
  var postedCount: Int { state.withLock { $0.posted.count } }
  /// Work that waits for its time and was not cancelled.
  var liveScheduledCount: Int { state.withLock { $0.scheduled.count { $0.isLive } } }

  /// Runs what is posted, and what that posts.
  func run() {
    while let work = state.withLock({ $0.posted.isEmpty ? nil : $0.posted.removeFirst() }) {
      work()
    }
  }

  /// Lets time pass, and runs what becomes due on the way, in order.
  func advance(milliseconds: UInt64) {
    let end = state.withLock { $0.now } + milliseconds * 1_000_000
    while let entry = takeDue(end) {
      if entry.isLive { entry.work() }
    }
    state.withLock { $0.now = max($0.now, end) }
  }

  private func takeDue(_ end: UInt64) -> Entry? {
    state.withLock { state in
      let due = state.scheduled.indices.filter { state.scheduled[$0].time <= end }
      guard let first = due.min(by: { state.scheduled[$0].time < state.scheduled[$1].time }) else {
        return nil
      }
      let entry = state.scheduled.remove(at: first)
      state.now = max(state.now, entry.time)
      return entry
    }
  }
}

/// An executor of real threads: each piece of work gets one of `count`.
final class PoolExecutor: Executor {
  private struct State {
    var work: [@Sendable () -> Void] = []
    var isEnding = false
  }

  private let state = LockedValue(State())
  private let gate = EventCount()
  let threadIDs = LockedValue<Set<Int32>>([])

  init(_ count: Int) {
    for _ in 0..<count { _ = try? SystemThread.start("pool") { [self] in serve() } }
  }

  private func serve() {
    threadIDs.withLock { _ = $0.insert(SystemThread.currentID) }
    while true {
      let ticket = gate.ticket()
      let (work, isEnding): ((@Sendable () -> Void)?, Bool) = state.withLock { state in
        (state.work.isEmpty ? nil : state.work.removeFirst(), state.isEnding)
      }
      if let work {
        work()
      } else if isEnding {
        return
      } else {
        gate.wait(ticket, untilNanoseconds: nil)
      }
    }
  }

  func post(_ work: @escaping @Sendable () -> Void) {
    state.withLock { $0.work.append(work) }
    gate.signal()
  }

  func schedule(
    afterNanoseconds delay: UInt64, _ work: @escaping @Sendable () -> Void
  ) -> any ScheduledWork {
    let entry = ManualExecutor.Entry(delay, work)
    _ = try? SystemThread.start("timer") { [self] in
      let gate = EventCount()
      gate.wait(gate.ticket(), untilNanoseconds: monotonicNanoseconds() + delay)
      if entry.isLive { post { if entry.isLive { work() } } }
    }
    return entry
  }

  var isCurrent: Bool { threadIDs.withLock { $0.contains(SystemThread.currentID) } }

  func end() {
    state.withLock { $0.isEnding = true }
    gate.signal()
  }
}
