internal import Platform
internal import Synchronization

/// Carries out a walk, one step at a time: what the tree requests, outside its lock.
struct WalkRunner {
  private var walk: Walk
  /// Set once the initial walk has ended; a walk that waited for it may follow.
  private var outcome: DeleteOutcome?

  init(_ walk: Walk) { self.walk = walk }

  /// Does the next step; returns the outcome if none is left for this thread.
  mutating func step(_ framework: Framework) -> DeleteOutcome? {
    let inDispatch = DispatchSection.isActive
    switch framework.tree.withLock({ $0.next(&walk, inDispatch: inDispatch) }) {
    case .hook(let core):
      if framework.letGo(core) { _ = framework.tree.withLock { $0.hookFinished(core) } }
      return nil
    case .cleanup(let core):
      framework.trace.record(.wdf, "cleanup", core.id)
      framework.guarded(core, "cleanup") { core.cleanUpContexts() }
      return nil
    case .release(let core):
      if core.word.unpin() { framework.lastPinIsGone(core) }
      return nil
    case .parked:
      framework.reportFaults()
      return outcome ?? .deferred
    case .needsPassiveThread(let root):
      framework.disposeList.append(.resume(root), framework)
      return outcome ?? .deferred
    case .finished(let waiting):
      framework.reportFaults()
      outcome = outcome ?? .completed
      return follow(waiting, framework) ? nil : outcome
    }
  }

  /// Continues the walk that waited for this one to end; false if this thread must not do it.
  private mutating func follow(_ waiting: ObjectHeader?, _ framework: Framework) -> Bool {
    guard let waiting else { return false }
    if DispatchSection.isActive {
      framework.disposeList.append(.resume(waiting), framework)
      return false
    }
    guard let next = framework.tree.withLock({ $0.resume(waiting) }) else { return false }
    walk = next
    return true
  }
}
