/// A handle of an object: it keeps the memory, and nothing else, alive.
///
/// An object may be deleted and destroyed while any number of `Ref`s to it exist; every call then says
/// so by throwing.
public struct Ref<Kind: ObjectKind>: Sendable, Hashable {
  @usableFromInline let core: Core

  init(_ core: Core) { self.core = core }

  /// The object's name for logs and reports.
  public var id: ObjectID { core.id }

  /// What the object was called when it was made.
  public var name: String { core.name }

  /// The same object, its kind forgotten.
  public var erased: AnyRef { AnyRef(core) }

  /// Whether both are the same object.
  public static func == (left: Ref, right: Ref) -> Bool { left.core === right.core }

  /// Hashes the identifier.
  public func hash(into hasher: inout Hasher) { hasher.combine(core.id) }
}

/// A handle that does not say what it points to.
public struct AnyRef: Sendable, Hashable {
  let core: Core

  init(_ core: Core) { self.core = core }

  /// The object's name for logs and reports.
  public var id: ObjectID { core.id }

  /// What the object is.
  public var kind: Kind { core.kind }

  /// The object as one of `kind`.
  ///
  /// - Throws: `.wrongType` if it is something else, in whatever state it is
  public func `as`<K: ObjectKind>(_ kind: K.Type) throws(WdfError) -> Ref<K> {
    guard core.kind == K.kind else { throw core.error(.wrongType) }
    return Ref(core)
  }

  /// Whether both are the same object.
  public static func == (left: AnyRef, right: AnyRef) -> Bool { left.core === right.core }

  /// Hashes the identifier.
  public func hash(into hasher: inout Hasher) { hasher.combine(core.id) }
}

/// How a delete went.
public enum DeleteOutcome: Sendable {
  /// Every cleanup has run; destroying may still wait for pins.
  case completed
  /// The rest happens on the dispose thread, or on whichever thread ends what it waits for.
  case deferred
  /// Somebody else deleted it, or its parent does.
  case alreadyDeleting
}

extension Ref {
  /// Deletes the object and all below it; the cleanups run here unless something must be waited for.
  ///
  /// Deleting again, at any later time, does nothing.
  /// - Throws: `.cannotDelete` for a driver, a file object, a worker and a default queue
  /// - Windows: WdfObjectDelete
  @discardableResult
  public func delete() throws(WdfError) -> DeleteOutcome {
    try core.framework.deleteExplicitly(core, reports: true)
  }

  /// Lends the context of a type to `body`.
  ///
  /// While it runs the object is not destroyed.
  ///
  /// - Throws: `.contextMissing`, and by state `.contextNotInitialized` while the object is made,
  ///   `.deletePending`, `.contextDestroying` and `.objectDestroyed` at its end
  /// - Complexity: one compare-and-swap, a walk over the object's contexts, one subtraction
  /// - Windows: WdfObjectGetTypedContext
  @inlinable
  public func withContext<C: ~Copyable & Sendable, R: ~Copyable>(
    _ type: C.Type, _ body: (borrowing C) throws(WdfError) -> R
  ) throws(WdfError) -> R {
    try core.withContext(type, body)
  }

  /// ``withContext(_:_:)`` for a body that throws errors of its own.
  public func withContext<C: ~Copyable & Sendable, R: ~Copyable, E: Error>(
    _ type: C.Type, _ body: (borrowing C) throws(E) -> R
  ) throws -> R {
    try core.withContext(type, body)
  }

  /// Adds a context of a type the object has none of yet.
  ///
  /// - Throws: `.contextExists`, `.deletePending` once deleting began, what `make` throws
  /// - Windows: WdfObjectAllocateContext
  public func addContext<C: ~Copyable & Sendable>(
    _ context: Context<Kind, C>
  ) throws(WdfError) {
    try core.framework.addContext(C.self, to: core) { core throws(WdfError) in
      try context.makeBox(for: core)
    }
  }

  /// The parent, as long as this object is live.
  public var parent: AnyRef? { core.framework.parent(of: core).map { AnyRef($0) } }

  /// The object's children, as long as they are linked to it.
  public var children: [AnyRef] { core.framework.children(of: core).map { AnyRef($0) } }

  /// The control device above this object, or the object itself.
  ///
  /// - Windows: WdfIoQueueGetDevice, WdfFileObjectGetDevice
  public var device: Ref<ControlDevice>? { core.device.map { Ref<ControlDevice>($0) } }

  /// The driver.
  ///
  /// - Throws: `.noDriver` before it was made and after it was destroyed
  public var driver: Ref<Driver> {
    get throws(WdfError) { try core.framework.driver }
  }

  /// The framework that the object belongs to.
  public var framework: Framework { core.framework }

  /// The state the object is in; `destroyed` also after its end.
  public var state: ObjectState { core.framework.state(of: core) }
}

extension Ref {
  /// Makes an object that belongs to this one.
  ///
  /// - Throws: what `make` throws, `.deletePending` if this object is not live, `.notCommitted` if it
  ///   is still being made
  /// - Windows: WdfObjectCreate with ParentObject
  public func makeChild<C: ~Copyable & Sendable>(
    _ name: String, _ context: Context<General, C>, options: ObjectOptions = ObjectOptions(),
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws(WdfError) -> Ref<General> {
    let birth = try core.birth(
      .general, name, .none, options.level, CreationSite(fileID, line))
    guard options.scope == .inherit else { throw core.error(.scopeInvalid) }
    return try Ref<General>(
      core.framework.create(birth) { core throws(WdfError) in try context.makeBox(for: core) })
  }

  /// Makes an object without a context that belongs to this one.
  public func makeChild(
    _ name: String, options: ObjectOptions = ObjectOptions(), fileID: StaticString = #fileID,
    line: UInt = #line
  ) throws(WdfError) -> Ref<General> {
    let birth = try core.birth(
      .general, name, .none, options.level, CreationSite(fileID, line))
    guard options.scope == .inherit else { throw core.error(.scopeInvalid) }
    return try Ref<General>(core.framework.create(birth, nil))
  }
}

extension Core {
  /// The birth of a child of this object; its level is passive unless said otherwise here or above.
  func birth(
    _ kind: Kind, _ name: String, _ payload: Payload, _ level: ObjectOptions.Level,
    _ site: CreationSite
  ) throws(WdfError) -> Birth {
    if word.phase == .constructing { throw error(.notCommitted) }
    let isPassive =
      switch level {
      case .inherit: self.isPassive
      case .passive: true
      case .dispatch: false
      }
    return Birth(
      kind: kind, name: name, payload: payload, parent: self, isPassive: isPassive, site: site)
  }
}
