internal import Platform
internal import Synchronization

extension Framework {
  /// Creates an object: slot, core, first context, then the commit that makes it visible.
  ///
  /// If any step fails, no callback of the object runs, and the slot is released.
  func create(
    _ birth: ObjectCreation, _ makeBox: ((ObjectHeader) throws(WdfError) -> ContextBox)?
  ) throws(WdfError) -> ObjectHeader {
    if injection.mustFail() { throw WdfError(.outOfResources) }
    if let parent = birth.parent, let refusal = refusal(of: parent) { throw refusal }
    guard let id = tree.withLock({ $0.reserve() }) else { throw WdfError(.outOfResources) }
    let core = ObjectHeader(self, id, birth)
    do {
      if let makeBox {
        let box = try ThreadState.running(birth.parent ?? core, of: self) { () throws(WdfError) in
          try makeBox(core)
        }
        core.contexts.append(box)
      }
    } catch {
      abandon(core)
      throw error
    }
    guard tree.withLock({ $0.commit(core, parent: birth.parent) }) else {
      abandon(core)
      throw WdfError(.deletePending, birth.parent?.id)
    }
    trace.record(.wdf, "create", core.id)
    return core
  }

  /// Why no object can be created under `parent`, before work is wasted on one.
  private func refusal(of parent: ObjectHeader) -> WdfError? {
    switch parent.word.phase {
    case .constructing: parent.error(.notCommitted)
    case .live: nil
    case .deleting, .deletedAndDisposed, .destroying: parent.error(.deletePending)
    case .destroyed, .quarantined: parent.error(.objectDestroyed)
    }
  }

  /// Drops an object that was never returned: its values are dropped without a callback, as in
  /// KMDF.
  private func abandon(_ core: ObjectHeader) {
    core.word.enter(.destroyed)
    core.contexts.forEach { $0.discard() }
    tree.withLock { $0.release(core.id) }
  }

  /// Adds a context to a live object.
  func addContext<C: ~Copyable & Sendable>(
    _ type: C.Type, to core: ObjectHeader, _ makeBox: (ObjectHeader) throws(WdfError) -> ContextBox
  ) throws(WdfError) {
    switch core.word.phase {
    case .constructing: throw core.error(.notCommitted)
    case .destroyed, .quarantined: throw core.error(.objectDestroyed)
    case .deleting, .deletedAndDisposed, .destroying: throw core.error(.deletePending)
    case .live: break
    }
    if core.contexts.first(ObjectIdentifier(type)) != nil { throw core.error(.contextExists) }
    if injection.mustFail() { throw core.error(.outOfResources) }
    let box = try ThreadState.running(core, of: self) { () throws(WdfError) in try makeBox(core) }
    let refusal: WdfError.Code? = tree.withLock { tree in
      guard let slot = tree.slot(core.id), tree.nodes[slot].state == .created else {
        return .deletePending
      }
      if core.contexts.first(ObjectIdentifier(type)) != nil { return .contextExists }
      core.contexts.append(box)
      return nil
    }
    if let refusal {
      box.discard()
      throw core.error(refusal)
    }
  }
}
