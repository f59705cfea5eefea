/// A handle of an object: keeps its memory alive, and nothing else.
///
/// An object may be deleted and destroyed while any number of `Ref`s to it exist; calls then throw
/// an error that says so.
public struct Ref<Kind: ObjectKind>: Sendable, Hashable {
  @usableFromInline let core: ObjectHeader

  init(_ core: ObjectHeader) { self.core = core }

  /// The object's name for logs and reports.
  public var id: ObjectID { core.id }

  /// The name given to the object when it was created.
  public var name: String { core.name }

  /// The same object, with its kind erased.
  public var erased: AnyRef { AnyRef(core) }

  /// Whether both are the same object.
  public static func == (left: Ref, right: Ref) -> Bool { left.core === right.core }

  /// Hashes the identifier.
  public func hash(into hasher: inout Hasher) { hasher.combine(core.id) }
}

/// A handle whose type does not include the kind of the object.
public struct AnyRef: Sendable, Hashable {
  let core: ObjectHeader

  init(_ core: ObjectHeader) { self.core = core }

  /// The object's name for logs and reports.
  public var id: ObjectID { core.id }

  /// The object's kind.
  public var kind: Kind { core.kind }

  /// The object as one of `kind`.
  ///
  /// - Throws: `.wrongType` if it is of another kind, in whatever state
  public func `as`<K: ObjectKind>(_ kind: K.Type) throws(WdfError) -> Ref<K> {
    guard core.kind == K.kind else { throw core.error(.wrongType) }
    return Ref(core)
  }

  /// Whether both are the same object.
  public static func == (left: AnyRef, right: AnyRef) -> Bool { left.core === right.core }

  /// Hashes the identifier.
  public func hash(into hasher: inout Hasher) { hasher.combine(core.id) }
}

/// The result of a delete.
public enum DeleteOutcome: Sendable {
  /// Every cleanup has run; destroying may still wait for pins.
  case completed
  /// The rest happens on the dispose thread, or on the thread that ends what it waits for.
  case deferred
  /// Another caller deleted it, or its parent does.
  case alreadyDeleting
}

extension Ref {
  /// Deletes the object and all below it; the cleanups run here unless they have to wait for
  /// something.
  ///
  /// Deleting again, at any later time, does nothing.
  /// - Throws: `.cannotDelete` for a driver, a file object, a worker and a default queue
  /// - Windows: WdfObjectDelete
  @discardableResult
  public func delete() throws(WdfError) -> DeleteOutcome {
    try core.framework.deleteExplicitly(core, reports: true)
  }

  /// Passes the context of a type to `body`.
  ///
  /// While `body` runs the object is not destroyed.
  ///
  /// - Throws: `.contextMissing`, and by state `.contextNotInitialized` during creation,
  ///   `.deletePending`, `.contextDestroying` and `.objectDestroyed` at its end
  /// - Complexity: one compare-and-swap, a traversal of the object's contexts, one subtraction
  /// - Windows: WdfObjectGetTypedContext
  @inlinable
  public func withContext<C: ~Copyable & Sendable, R: ~Copyable>(
    _ type: C.Type, _ body: (borrowing C) throws(WdfError) -> R
  ) throws(WdfError) -> R {
    try core.withContext(type, body)
  }

  /// ``withContext(_:_:)`` for a body with its own error type.
  public func withContext<C: ~Copyable & Sendable, R: ~Copyable, E: Error>(
    _ type: C.Type, _ body: (borrowing C) throws(E) -> R
  ) throws -> R {
    try core.withContext(type, body)
  }

  /// Adds a context of a type that the object does not have yet.
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

  /// The parent, while this object is live.
  public var parent: AnyRef? { core.framework.parent(of: core).map { AnyRef($0) } }

  /// The object's children, while they are linked to it.
  public var children: [AnyRef] { core.framework.children(of: core).map { AnyRef($0) } }

  /// The control device above this object, or the object itself.
  ///
  /// - Windows: WdfIoQueueGetDevice, WdfFileObjectGetDevice
  public var device: Ref<ControlDevice>? { core.device.map { Ref<ControlDevice>($0) } }

  /// The driver.
  ///
  /// - Throws: `.noDriver` before it was created and after it was destroyed
  public var driver: Ref<Driver> {
    get throws(WdfError) { try core.framework.driver }
  }

  /// The framework that the object belongs to.
  public var framework: Framework { core.framework }

  /// The state of the object; `destroyed` also after its end.
  public var state: ObjectState { core.framework.state(of: core) }
}

extension Ref {
  /// Creates an object that belongs to this one.
  ///
  /// - Throws: what `make` throws, `.deletePending` if this object is not live, `.notCommitted` if
  ///   it is still being created
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

  /// Creates an object without a context that belongs to this one.
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

extension ObjectHeader {
  /// The properties of a child of this object; its level is passive unless specified here or above.
  func birth(
    _ kind: Kind, _ name: String, _ payload: Payload, _ level: ObjectOptions.Level,
    _ site: CreationSite
  ) throws(WdfError) -> ObjectCreation {
    if word.phase == .constructing { throw error(.notCommitted) }
    let isPassive =
      switch level {
      case .inherit: self.isPassive
      case .passive: true
      case .dispatch: false
      }
    return ObjectCreation(
      kind: kind, name: name, payload: payload, parent: self, isPassive: isPassive, site: site)
  }
}
