internal import Platform
internal import Synchronization

extension Framework {
  func state(of core: ObjectHeader) -> ObjectState {
    tree.withLock { tree in
      guard let slot = tree.slot(core.id) else {
        return core.word.phase == .constructing ? .invalid : .destroyed
      }
      return tree.nodes[slot].state
    }
  }

  func parent(of core: ObjectHeader) -> ObjectHeader? {
    tree.withLock { tree in
      guard let slot = tree.slot(core.id), tree.nodes[slot].state == .created else { return nil }
      return tree.nodes[slot].parent.flatMap { tree.nodes[$0].core }
    }
  }

  /// Calls `done` when the object is destroyed; at once if it is destroyed already.
  func whenDestroyed(_ core: ObjectHeader, _ done: @escaping @Sendable () -> Void) {
    let isGone = tree.withLock { tree in
      guard let slot = tree.slot(core.id) else { return true }
      tree.update(slot) { $0.waiters.append(done) }
      return false
    }
    if isGone { done() }
  }

  func children(of core: ObjectHeader) -> [ObjectHeader] {
    tree.withLock { tree in
      guard let slot = tree.slot(core.id) else { return [] }
      var found: [ObjectHeader] = []
      var next = tree.nodes[slot].firstChild
      while let child = next {
        if let core = tree.nodes[child].core { found.append(core) }
        next = tree.nodes[child].next
      }
      return found
    }
  }

  /// All objects of a kind that are not destroyed.
  func cores(of kind: Kind) -> [ObjectHeader] {
    tree.withLock { tree in tree.nodes.compactMap { $0.core?.kind == kind ? $0.core : nil } }
  }

  /// The number of objects that are not destroyed.
  public var liveObjectCount: Int { tree.withLock { $0.liveCounts.reduce(0, +) } }

  /// The number of objects of a kind that are not destroyed.
  public func liveObjectCount(of kind: Kind) -> Int {
    tree.withLock { $0.liveCounts[Int(kind.rawValue)] }
  }

  /// The object with an identifier.
  ///
  /// - Throws: `.objectDestroyed` if it no longer exists
  public func resolve(_ id: ObjectID) throws(WdfError) -> AnyRef {
    guard let core = tree.withLock({ $0.core(id) }) else { throw WdfError(.objectDestroyed, id) }
    return AnyRef(core)
  }

  /// Reports the contradictions found in the tree, and quarantines the objects: none of their
  /// callbacks runs any more.
  func reportFaults() {
    let faults = tree.withLock { tree in
      defer { tree.faults = [] }
      return tree.faults
    }
    for (core, state, event) in faults {
      core.report(.state, "\(event) in \(state)")
      core.word.enter(.quarantined)
    }
  }
}
