internal import Platform
internal import Synchronization

/// Work on its way to the executor.
///
/// What an executor dropped because it ended is done by the one that replaces it, or by the thread that
/// unloads.
final class WorkList: Sendable {
  private let pending = LockedValue<[@Sendable () -> Void]>([])

  func append(_ work: @escaping @Sendable () -> Void) { pending.withLock { $0.append(work) } }

  /// Runs the oldest, if there is one.
  func runFirst() -> Bool {
    let work = pending.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    work?()
    return work != nil
  }

  var count: Int { pending.withLock { $0.count } }
}

extension Framework {
  /// Has `body` run soon on a thread that may wait.
  func post(_ body: @escaping @Sendable () -> Void) {
    work.append(body)
    runSoon { [work] in _ = work.runFirst() }
  }

  /// Hands work to the executor, and wakes the threads that wait: they may have to do it themselves.
  func runSoon(_ run: @escaping @Sendable () -> Void) {
    if let executor = currentExecutor {
      executor.post(run)
    } else {
      reporter.report(.stuck, nil, nil, "executor", "no thread to be had")
    }
    progress.signal()
  }

  /// Does here what was put off to other threads.
  func runWhatWasPutOff() {
    disposeList.drain(self)
    while work.runFirst() {}
  }
}
