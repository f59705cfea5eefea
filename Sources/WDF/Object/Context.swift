/// How a typed context of an object is created and destroyed.
///
/// `make` runs before the object can be found, so no callback ever meets an uninitialized context.
/// Contexts are borrowed by many threads at once: mutable state in them is a `Mutex` or an
/// `Atomic`.
///
/// - Windows: WDF_DECLARE_CONTEXT_TYPE, EvtCleanupCallback, EvtDestroyCallback
public struct Context<Kind: ObjectKind, C: ~Copyable & Sendable>: Sendable {
  /// Creates the value; the object passed to it cannot be used yet.
  public var make: @Sendable (Ref<Kind>) throws(WdfError) -> C
  /// Deleting has begun; the children's cleanups have returned, and the context still exists.
  public var onCleanup: (@Sendable (Ref<Kind>, borrowing C) -> Void)?
  /// No reference reaches the context any more: it is moved into this callback.
  ///
  /// Neither this nor `onCleanup` is called if the create fails: the value is then dropped, as KMDF
  /// runs no callback of an object that its driver never received.
  public var onDestroy: (@Sendable (ObjectID, consuming C) -> Void)?

  /// Describes a context.
  public init(
    make: @escaping @Sendable (Ref<Kind>) throws(WdfError) -> C,
    onCleanup: (@Sendable (Ref<Kind>, borrowing C) -> Void)? = nil,
    onDestroy: (@Sendable (ObjectID, consuming C) -> Void)? = nil
  ) {
    self.make = make
    self.onCleanup = onCleanup
    self.onDestroy = onDestroy
  }

  /// Creates the value for `core` in a box.
  func makeBox(for core: ObjectHeader) throws(WdfError) -> ContextBox {
    let value = try make(Ref(core))
    guard let onCleanup else {
      return TypedContextBox<C>(value, onCleanup: nil, onDestroy: onDestroy)
    }
    return TypedContextBox<C>(
      value, onCleanup: { core, value in onCleanup(Ref(core), value) }, onDestroy: onDestroy)
  }
}
