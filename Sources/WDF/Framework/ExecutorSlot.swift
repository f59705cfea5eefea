internal import Platform
internal import Synchronization

/// The executor that was attached, else one of the framework's own, made when first needed.
struct ExecutorSlot: Sendable {
  var attached: (any Executor)?
  var own: ThreadExecutor?

  /// The executor in use; nil if none is attached and no thread can be had.
  mutating func current() -> (any Executor)? {
    if let attached { return attached }
    if own == nil { own = ThreadExecutor("wdf-work") }
    return own
  }
}

extension Framework {
  /// Where what is put off runs.
  var currentExecutor: (any Executor)? { executor.withLock { $0.current() } }

  /// Whether the caller is on the thread on which what is put off runs.
  var isOnExecutor: Bool {
    let executor: (any Executor)? = executor.withLock { $0.attached ?? $0.own }
    return executor?.isCurrent ?? false
  }

  /// Gives the framework the thread on which disposing and work items run until the driver is unloaded.
  ///
  /// What was put off to another executor, and has not run, runs on this one. `nil` takes it away, and
  /// a thread of the framework's own does it.
  public func attach(_ executor: (any Executor)?) {
    self.executor.withLock { $0.attached = executor }
    disposeList.moved(self)
    for _ in 0..<work.count { runSoon { [work] in _ = work.runFirst() } }
  }

  /// Nothing is left to be run: lets go of the executor and ends the framework's own thread.
  func detachExecutor() {
    let own = executor.withLock { slot in
      defer { slot = ExecutorSlot() }
      return slot.own
    }
    own?.end()
  }
}
