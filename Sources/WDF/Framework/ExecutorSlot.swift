internal import Platform
internal import Synchronization

/// The attached executor, or one of the framework's own, created on first use.
struct ExecutorSlot: Sendable {
  var attached: (any Executor)?
  var own: ThreadExecutor?

  /// The executor in use; nil if none is attached and no thread can be started.
  mutating func current() -> (any Executor)? {
    if let attached { return attached }
    if own == nil { own = ThreadExecutor("wdf-work") }
    return own
  }
}

extension Framework {
  /// The executor of deferred work.
  var currentExecutor: (any Executor)? { executor.withLock { $0.current() } }

  /// Whether the caller is on the thread that runs deferred work.
  var isOnExecutor: Bool {
    let executor: (any Executor)? = executor.withLock { $0.attached ?? $0.own }
    return executor?.isCurrent ?? false
  }

  /// Gives the framework the thread for disposing and work items, until the driver is unloaded.
  ///
  /// Work deferred to another executor that has not run yet runs on this one. `nil` detaches it,
  /// and a thread of the framework takes over.
  public func attach(_ executor: (any Executor)?) {
    self.executor.withLock { $0.attached = executor }
    disposeList.moved(self)
    for _ in 0..<work.count { runSoon { [work] in _ = work.runFirst() } }
  }

  /// No work is left: releases the executor and ends the framework's own thread.
  func detachExecutor() {
    let own = executor.withLock { slot in
      defer { slot = ExecutorSlot() }
      return slot.own
    }
    own?.end()
  }
}
