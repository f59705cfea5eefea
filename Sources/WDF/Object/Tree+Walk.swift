/// One walk over an object and its descendants: first it runs every cleanup, children before
/// parents; then it releases every creation pin, children before parents.
struct Walk: Sendable {
  let root: Int
  var at: Int
  var isDestroying = false
  /// Only the descendants of the root are deleted.
  var sparesRoot = false
  /// The object that waits for the root to finish; recorded before the root's node may be gone.
  var departsFrom: ObjectID?

  init(root: Int) {
    self.root = root
    at = root
  }
}

/// How a delete begins.
enum DeleteDecision {
  /// Here, now.
  case walk(Walk)
  /// On a thread that may block.
  case deferred(ObjectHeader)
  /// By the parent, which is disposing.
  case delegated
  /// Another delete came first.
  case alreadyDeleting
}

/// What the framework has to do outside the lock to advance a walk.
enum WalkStep {
  /// Make the kind release what it holds: requests, callbacks, a running timer.
  case hook(ObjectHeader)
  /// Run the cleanup callbacks.
  case cleanup(ObjectHeader)
  /// Release the creation pin.
  case release(ObjectHeader)
  /// Nothing: something else must happen first, and will resume the walk.
  case parked
  /// Nothing: the rest requires a thread that may block.
  case needsPassiveThread(ObjectHeader)
  /// The walk has ended; the object that waited for this one continues.
  case finished(resuming: ObjectHeader?)
}

extension Tree {
  /// Records that the object was deleted, and decides which thread does the work.
  mutating func beginDelete(_ core: ObjectHeader, inDispatch: Bool) -> DeleteDecision {
    guard let slot = slot(core.id) else { return .alreadyDeleting }
    nodes[slot].deleteWasCalled = true
    guard case .move(let state, _) = apply(.delete, slot, inDispatch: inDispatch) else {
      return .alreadyDeleting
    }
    nodes[slot].cursor = nodes[slot].firstChild
    var walk = Walk(root: slot)
    switch state {
    case .deletedDisposing: return .walk(walk)
    case .deferredDeleting: return .deferred(core)
    case .waitingForEarlyDispose: return .delegated
    case .deletedAndDisposed:
      beginDestroy(&walk)
      return .walk(walk)
    default: return .alreadyDeleting
    }
  }

  /// Disposes of an object before its delete; nil if that is refused or left to the parent.
  mutating func beginEarlyDispose(_ core: ObjectHeader) -> Walk? {
    guard let slot = slot(core.id) else { return nil }
    guard case .move(.disposingEarly, _) = apply(.earlyDispose, slot) else { return nil }
    nodes[slot].isEarly = true
    nodes[slot].cursor = nodes[slot].firstChild
    apply(.begin, slot)
    return Walk(root: slot)
  }

  /// Lets the children of an object that was disposed of early be destroyed before it.
  mutating func beginDestroyChildren(_ core: ObjectHeader) -> Walk? {
    guard let slot = slot(core.id), nodes[slot].state == .disposed else { return nil }
    var walk = Walk(root: slot)
    walk.sparesRoot = true
    beginDestroy(&walk)
    return walk
  }

  /// The next step of a walk.
  mutating func next(_ walk: inout Walk, inDispatch: Bool) -> WalkStep {
    walk.isDestroying ? nextDestroy(&walk) : nextDispose(&walk, inDispatch)
  }

  private mutating func nextDispose(_ walk: inout Walk, _ inDispatch: Bool) -> WalkStep {
    while true {
      let slot = walk.at
      guard let core = nodes[slot].core else { return .parked }
      nodes[slot].obstacle = .none
      if inDispatch && core.isPassive {
        park(walk, .passiveThread)
        return nodes[walk.root].core.map { .needsPassiveThread($0) } ?? .parked
      }
      if let child = nodes[slot].cursor {
        descend(to: child)
        walk.at = child
        continue
      }
      if nodes[slot].departing > 0 {
        park(walk, .departures)
        return .parked
      }
      switch nodes[slot].stage {
      case .children:
        nodes[slot].stage = .hook
        return .hook(core)
      case .hook:
        park(walk, .hook)
        return .parked
      case .hookDone:
        nodes[slot].stage = .cleanup
        return .cleanup(core)
      case .cleanup, .done:
        if let step = finish(&walk) { return step }
      }
    }
  }

  /// Disposes of a child because its parent is being disposed of.
  private mutating func descend(to child: Int) {
    let before = nodes[child].state
    apply(.parentDispose, child)
    if before == .deferredDisposing { return }
    apply(.begin, child)
    nodes[child].cursor = nodes[child].firstChild
  }

  /// The object's own cleanups have returned: continues with the next sibling, the parent or the
  /// second half.
  private mutating func finish(_ walk: inout Walk) -> WalkStep? {
    let slot = walk.at
    nodes[slot].stage = .done
    apply(.finish, slot)
    guard slot == walk.root else {
      let parent = nodes[slot].parent ?? walk.root
      nodes[parent].cursor = nodes[slot].next
      walk.at = parent
      return nil
    }
    guard nodes[slot].state == .deletedAndDisposed else {
      return .finished(resuming: arrive(nodes[slot].departsFrom, slot))
    }
    beginDestroy(&walk)
    return nextDestroy(&walk)
  }

  /// Begins the second half of a walk.
  mutating func beginDestroy(_ walk: inout Walk) {
    walk.isDestroying = true
    walk.at = walk.root
    nodes[walk.root].cursor = nodes[walk.root].firstChild
  }

  private mutating func nextDestroy(_ walk: inout Walk) -> WalkStep {
    guard walk.at >= 0 else { return .finished(resuming: arrive(walk.departsFrom, nil)) }
    while let child = nodes[walk.at].cursor {
      apply(.parentDestroy, child)
      nodes[child].cursor = nodes[child].firstChild
      walk.at = child
    }
    let slot = walk.at
    guard let core = nodes[slot].core else { return .finished(resuming: nil) }
    if slot == walk.root {
      if walk.sparesRoot { return .finished(resuming: nil) }
      walk.departsFrom = nodes[slot].departsFrom
      walk.at = -1
      return .release(core)
    }
    walk.at = nodes[slot].parent ?? walk.root
    unlink(slot)
    return .release(core)
  }

  /// A walk has finished an object that had left its parent's list: the parent's counter is
  /// decremented, and the parent continues if it waited for that.
  private mutating func arrive(_ id: ObjectID?, _ slot: Int?) -> ObjectHeader? {
    if let slot { nodes[slot].departsFrom = nil }
    guard let id, let parent = self.slot(id) else { return nil }
    nodes[parent].departing -= 1
    guard nodes[parent].departing == 0 else { return nil }
    return unpark(parent, .departures)
  }

  /// Parks a walk: every object from here up to the root shows it in its state.
  private mutating func park(_ walk: Walk, _ obstacle: Obstacle) {
    nodes[walk.at].obstacle = obstacle
    nodes[walk.at].walkRoot = walk.root
    var slot = walk.at
    while true {
      apply(.park, slot)
      guard slot != walk.root, let parent = nodes[slot].parent else { return }
      slot = parent
    }
  }

  /// Clears an obstacle; returns the root of the parked walk, which is to be resumed.
  private mutating func unpark(_ slot: Int, _ obstacle: Obstacle) -> ObjectHeader? {
    guard nodes[slot].obstacle == obstacle, let root = nodes[slot].walkRoot else { return nil }
    nodes[slot].obstacle = .none
    nodes[slot].walkRoot = nil
    return nodes[root].core
  }

  /// The kind has released everything; returns the root of a walk that waited for it, to be
  /// resumed.
  mutating func hookFinished(_ core: ObjectHeader) -> ObjectHeader? {
    guard let slot = slot(core.id), nodes[slot].stage == .hook else { return nil }
    nodes[slot].stage = .hookDone
    return unpark(slot, .hook)
  }

  /// Resumes a parked walk.
  mutating func resume(_ root: ObjectHeader) -> Walk? {
    guard let slot = slot(root.id) else { return nil }
    guard case .move = apply(.worker, slot) else { return nil }
    return Walk(root: slot)
  }
}
