internal import Synchronization

extension Framework {
  /// A delete that driver code asked for.
  func deleteExplicitly(_ core: Core, reports: Bool) throws(WdfError) -> DeleteOutcome {
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

  /// Remembers who deletes first, and says who it was if it was not now.
  private func noteDeleter(_ core: Core) -> StateRecord? {
    guard verifier != .off else { return nil }
    let record = StateRecord(
      state: state(of: core), threadID: currentThreadID(), nanoseconds: monotonicNanoseconds())
    return core.deleter.withLock { first in
      defer { if first == nil { first = record } }
      return first
    }
  }

  private func reportLate(_ core: Core, _ first: StateRecord?) {
    if let first {
      core.report(
        .doubleDelete, "\(core.lineage) was deleted by thread \(first.threadID) before")
    } else if core.word.phase == .destroying || core.word.phase == .destroyed {
      core.report(.lateDelete, "\(core.lineage) ended with its parent before it was deleted")
    }
  }

  /// Deletes an object, whoever asks.
  func delete(_ core: Core) -> DeleteOutcome {
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

  /// Runs the cleanups of an object ahead of its delete, and leaves it for that.
  func disposeEarly(_ core: Core) -> Bool {
    guard let walk = tree.withLock({ $0.beginEarlyDispose(core) }) else { return false }
    _ = run(walk)
    return true
  }

  /// Does what a walk asks for until it is over or stands still.
  ///
  /// No lock is held meanwhile.
  func run(_ walk: Walk) -> DeleteOutcome {
    var walk = walk
    var outcome: DeleteOutcome?
    while true {
      let inDispatch = DispatchSection.isActive
      switch tree.withLock({ $0.next(&walk, inDispatch: inDispatch) }) {
      case .hook(let core):
        if letGo(core) { _ = tree.withLock { $0.hookFinished(core) } }
      case .cleanup(let core):
        trace.record(.wdf, "cleanup", core.id)
        guarded(core, "cleanup") { core.cleanUpContexts() }
      case .release(let core):
        if core.word.unpin() { lastPinIsGone(core) }
      case .parked:
        reportFaults()
        return outcome ?? .deferred
      case .needsPassiveThread(let root):
        disposeList.append(.resume(root), self)
        return outcome ?? .deferred
      case .finished(let waiting):
        reportFaults()
        outcome = outcome ?? .completed
        guard let waiting else { return outcome ?? .completed }
        if DispatchSection.isActive {
          disposeList.append(.resume(waiting), self)
          return outcome ?? .completed
        }
        guard let next = tree.withLock({ $0.resume(waiting) }) else { return .completed }
        walk = next
      }
    }
  }

  /// Takes a walk up again, on the dispose thread.
  func resume(_ root: Core) {
    if let walk = tree.withLock({ $0.resume(root) }) { _ = run(walk) }
    reportFaults()
  }

  /// A kind has let go of everything it held; a walk that waited for that goes on.
  func hookFinished(_ core: Core) {
    if let root = tree.withLock({ $0.hookFinished(core) }) {
      disposeList.append(.resume(root), self)
    }
  }

  /// Has the kind let go of what it holds.
  ///
  /// False: it will say so by `hookFinished` later.
  private func letGo(_ core: Core) -> Bool {
    switch core.payload {
    case .queue(let queue): queue.dispose(core)
    case .file(let file): file.dispose(core)
    case .none, .driver, .device, .worker: true
    }
  }

  /// The last pin is gone: nobody can reach the contexts any more.
  func lastPinIsGone(_ core: Core) {
    let inDispatch = DispatchSection.isActive && core.isPassive
    let mustDefer = tree.withLock { tree in
      guard let slot = tree.slot(core.id) else { return false }
      tree.apply(.lastPin, slot, inDispatch: inDispatch)
      return tree.nodes[slot].state == .deferredDestroy
    }
    if mustDefer { disposeList.append(.destroy(core), self) } else { destroy(core) }
  }

  /// Runs what cleanups are left, then the destroys; then the object is no more.
  func destroy(_ core: Core) {
    core.word.enter(.destroying)
    trace.record(.wdf, "destroy", core.id)
    guarded(core, "destroy") {
      core.cleanUpContexts()
      core.destroyContexts()
    }
    core.word.enter(.destroyed)
    switch core.payload {
    case .driver: publish(nil)
    case .queue(let queue): queue.forgetCore()
    case .device(let device): device.setDefaultQueue(nil)
    default: break
    }
    tree.withLock { $0.release(core.id) }
    progress.signal()
  }
}
