internal import Platform
internal import Synchronization

extension Framework {
  /// A delete requested by driver code.
  func deleteExplicitly(_ core: ObjectHeader, reports: Bool) throws(WdfError) -> DeleteOutcome {
    if core.word.phase == .constructing { throw core.error(.notCommitted) }
    switch core.payload {
    case .driver, .file, .worker: throw core.error(.cannotDelete)
    case .queue(let queue) where queue.isDefault: throw core.error(.cannotDelete)
    case .device(let device) where device.holdsDeleteBack(): return .deferred
    default: break
    }
    let first = noteDeleter(core)
    let outcome = delete(core)
    if reports, outcome == .alreadyDeleting, verifier != .off { reportLate(core, first) }
    return outcome
  }

  /// Records the first thread that deletes the object; returns the record if it was an earlier one.
  private func noteDeleter(_ core: ObjectHeader) -> StateRecord? {
    guard verifier != .off else { return nil }
    let record = StateRecord(
      state: state(of: core), threadID: SystemThread.currentID, nanoseconds: monotonicNanoseconds())
    return core.deleter.withLock { first in
      defer { if first == nil { first = record } }
      return first
    }
  }

  private func reportLate(_ core: ObjectHeader, _ first: StateRecord?) {
    if let first {
      core.report(
        .doubleDelete, "\(core.lineage) was deleted by thread \(first.threadID) before")
    } else if core.word.phase == .destroying || core.word.phase == .destroyed {
      core.report(.lateDelete, "\(core.lineage) ended with its parent before it was deleted")
    }
  }

  /// Deletes an object on behalf of any caller.
  func delete(_ core: ObjectHeader) -> DeleteOutcome {
    let inDispatch = DispatchSection.isActive
    let decision = tree.withLock { $0.beginDelete(core, inDispatch: inDispatch) }
    trace.record(.wdf, "delete", core.id)
    reportFaults()
    switch decision {
    case .walk(let walk): return run(walk)
    case .deferred(let root):
      disposeList.append(.resume(root), self)
      return .deferred
    case .delegated: return .deferred
    case .alreadyDeleting: return .alreadyDeleting
    }
  }

  /// Runs the cleanups of an object before its delete, which comes later.
  func disposeEarly(_ core: ObjectHeader) -> Bool {
    guard let walk = tree.withLock({ $0.beginEarlyDispose(core) }) else { return false }
    _ = run(walk)
    return true
  }

  /// Destroys the children of an object that was disposed of early.
  func destroyChildren(of core: ObjectHeader) {
    if let walk = tree.withLock({ $0.beginDestroyChildren(core) }) { _ = run(walk) }
  }

  /// Carries out the steps of a walk until it ends or is parked.
  ///
  /// No lock is held meanwhile.
  func run(_ walk: Walk) -> DeleteOutcome {
    var runner = WalkRunner(walk)
    while true {
      if let outcome = runner.step(self) { return outcome }
    }
  }

  /// Resumes a walk on the dispose thread.
  func resume(_ root: ObjectHeader) {
    if let walk = tree.withLock({ $0.resume(root) }) { _ = run(walk) }
    reportFaults()
  }

  /// A kind has released everything it held; a walk that waited for that continues.
  func hookFinished(_ core: ObjectHeader) {
    if let root = tree.withLock({ $0.hookFinished(core) }) {
      disposeList.append(.resume(root), self)
    }
  }

  /// Makes the kind release what it holds.
  ///
  /// False: it will call `hookFinished` later.
  func letGo(_ core: ObjectHeader) -> Bool {
    switch core.payload {
    case .queue(let queue): queue.dispose(core)
    case .file(let file): file.dispose(core)
    case .timer(let timer): timer.dispose()
    case .workItem(let item): item.dispose()
    case .none, .driver, .device, .worker: true
    }
  }

  /// The last pin is gone: the contexts can no longer be reached.
  func lastPinIsGone(_ core: ObjectHeader) {
    let inDispatch = DispatchSection.isActive && core.isPassive
    let mustDefer = tree.withLock { tree in
      guard let slot = tree.slot(core.id) else { return false }
      tree.apply(.lastPin, slot, inDispatch: inDispatch)
      return tree.nodes[slot].state == .deferredDestroy
    }
    if mustDefer { disposeList.append(.destroy(core), self) } else { destroy(core) }
  }

  /// Releases what a kind held beyond its own end, including callbacks and what they captured.
  private func forget(_ core: ObjectHeader) {
    switch core.payload {
    case .driver(let driver):
      driver.forget()
      publish(nil)
    case .queue(let queue): queue.forgetCore()
    case .device(let device): device.setDefaultQueue(nil)
    case .file(let file): file.forget()
    case .timer(let timer):
      timer.forget()
      timer.parent.unpin("timer \(core.name)")
    case .workItem(let item):
      item.forget()
      item.parent.unpin("workItem \(core.name)")
    default: break
    }
  }

  /// Runs the remaining cleanups, then the destroys; then the object no longer exists.
  func destroy(_ core: ObjectHeader) {
    // A quarantined object stays as it is until the process ends.
    guard core.word.phase != .quarantined else { return }
    core.word.enter(.destroying)
    trace.record(.wdf, "destroy", core.id)
    guarded(core, "destroy") {
      core.cleanUpContexts()
      core.destroyContexts()
    }
    core.word.enter(.destroyed)
    forget(core)
    let waiters = tree.withLock { tree in
      let waiters = tree.slot(core.id).map { tree.nodes[$0].waiters } ?? []
      tree.release(core.id)
      return waiters
    }
    for waiter in waiters { waiter() }
    progress.signal()
  }
}
