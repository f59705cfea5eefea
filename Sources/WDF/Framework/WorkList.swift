internal import Platform
internal import Synchronization

/// Work posted to the executor.
///
/// If an executor ends and drops work, its successor does it, or the thread that unloads.
final class WorkList: Sendable {
  private let pending = LockedValue<[@Sendable () -> Void]>([])

  func append(_ work: @escaping @Sendable () -> Void) { pending.withLock { $0.append(work) } }

  /// Runs the oldest item, if there is one.
  func runFirst() -> Bool {
    let work = pending.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    work?()
    return work != nil
  }

  var count: Int { pending.withLock { $0.count } }
}

extension Framework {
  /// Runs `body` soon on a thread that may block.
  func post(_ body: @escaping @Sendable () -> Void) {
    work.append(body)
    runSoon { [work] in _ = work.runFirst() }
  }

  /// Posts work to the executor, and wakes waiting threads: they may have to do it themselves.
  func runSoon(_ run: @escaping @Sendable () -> Void) {
    if let executor = currentExecutor {
      executor.post(run)
    } else {
      reporter.report(.stuck, nil, nil, "executor", "no thread to be had")
    }
    progress.signal()
  }

  /// Does on this thread what was deferred to other threads.
  func runWhatWasPutOff() {
    disposeList.drain(self)
    while work.runFirst() {}
  }
}
