internal import Platform

/// The threads that open, activate and close capture handles, for all bindings.
///
/// Each of these operations waits 15 to 40 ms for the kernel's rtnl lock or for RCU; a thread that
/// moves frames must do none of them. A helper is started when there is a job for it, and ends when
/// there is none.
///
/// - Thread: any
/// - Source: `ndisprotd.docc/Architecture.md` section 4
public final class CaptureHelpers: Sendable {
  /// The name of a thread in the kernel.
  static let threadName = "capture-helper"
  typealias Job = HelperSchedule.Job
  typealias Work = @Sendable () -> Void

  private struct State {
    var schedule = HelperSchedule()
    var work: [UInt64: Work] = [:]
  }
  private let state = LockedValue(State())

  /// Creates helpers without a thread.
  public init() {}

  /// Submits a job to the helpers.
  ///
  /// - Parameters:
  ///   - kind: whether it opens or closes
  ///   - interfaceIndex: the interface; jobs of one interface run one after the other
  ///   - starter: starts threads
  ///   - work: the job; it may block
  /// - Returns: nil if an earlier job of the interface is overdue, or no thread can be started:
  ///   then the job is dropped
  func submit(
    _ kind: HelperSchedule.Kind, of interfaceIndex: Int32, starter: ThreadStarter,
    _ work: @escaping Work
  ) -> Job? {
    let now = monotonicNanoseconds()
    let job = state.withLock { state -> Job? in
      let job = state.schedule.submit(kind, of: interfaceIndex, now: now)
      if let job { state.work[job.number] = work }
      return job
    }
    guard let job else { return nil }
    guard startThreads(starter) else {
      // A running thread may have taken it, or will.
      return state.withLock { state in
        guard state.schedule.withdraw(job) else { return job }
        state.work[job.number] = nil
        return nil
      }
    }
    return job
  }

  /// The progress of a job; starts jobs that an overdue one has delayed.
  func progress(of job: Job, starter: ThreadStarter) -> HelperSchedule.Progress {
    let progress = state.withLock { $0.schedule.progress(of: job, now: monotonicNanoseconds()) }
    _ = startThreads(starter)
    return progress
  }

  /// Starts threads for waiting jobs; false if one could not be started.
  private func startThreads(_ starter: ThreadStarter) -> Bool {
    while state.withLock({ $0.schedule.needsThread(now: monotonicNanoseconds()) }) {
      guard starter(Self.threadName, { [self] in run() }) else {
        state.withLock { $0.schedule.threadFailed() }
        return false
      }
    }
    return true
  }

  /// The work of a helper thread.
  private func run() {
    while let (job, work) = next() {
      work()
      guard state.withLock({ $0.schedule.ended(job) }) else { return }
    }
  }

  private func next() -> (Job, Work)? {
    state.withLock { state in
      guard let job = state.schedule.next(now: monotonicNanoseconds()),
        let work = state.work.removeValue(forKey: job.number)
      else { return nil }
      return (job, work)
    }
  }
}
