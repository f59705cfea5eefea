internal import Synchronization

/// Work on its way to the executor.
///
/// Unloading does what the executor, having ended, dropped.
final class WorkList: Sendable {
  private let pending = Guarded<[@Sendable () -> Void]>([])

  func append(_ work: @escaping @Sendable () -> Void) { pending.withLock { $0.append(work) } }

  /// Runs the oldest, if there is one.
  func runFirst() -> Bool {
    let work = pending.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    work?()
    return work != nil
  }
}

extension Framework {
  /// Has `body` run soon on a thread that may wait.
  func post(_ body: @escaping @Sendable () -> Void) {
    work.append(body)
    let run: @Sendable () -> Void = { [work] in _ = work.runFirst() }
    if let executor = executor.withLock({ $0 }) {
      executor.post(run)
    } else if !SystemThread.start("wdf-work", run) {
      reporter.report(.stuck, nil, nil, "work", "no thread to be had")
    }
  }

  /// Does here what was put off to other threads.
  func runWhatWasPutOff() {
    disposeList.drain(self)
    while work.runFirst() {}
  }
}
