/// How a typed context of an object comes to be and how it ends.
///
/// `make` runs before the object can be found by anybody, so no callback ever meets a context that
/// nobody set up. Contexts are borrowed by many threads at once: what changes in them is a `Mutex` or
/// an `Atomic`.
///
/// - Windows: WDF_DECLARE_CONTEXT_TYPE, EvtCleanupCallback, EvtDestroyCallback
public struct Context<Kind: ObjectKind, C: ~Copyable & Sendable>: Sendable {
  /// Makes the value; the object it receives cannot be used yet.
  public var make: @Sendable (Ref<Kind>) throws(WdfError) -> C
  /// Deleting has begun; the children's cleanups have returned, the context is still there.
  public var onCleanup: (@Sendable (Ref<Kind>, borrowing C) -> Void)?
  /// No reference reaches the context any more: it is moved here.
  ///
  /// Not called, nor is `onCleanup`, if the create fails: the value is then dropped, as KMDF runs no
  /// callback of an object that its driver never received.
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

  /// Makes the value for `core` and puts it into a box.
  func makeBox(for core: Core) throws(WdfError) -> ContextBox {
    let value = try make(Ref(core))
    guard let onCleanup else {
      return TypedContextBox<C>(value, onCleanup: nil, onDestroy: onDestroy)
    }
    return TypedContextBox<C>(
      value, onCleanup: { core, value in onCleanup(Ref(core), value) }, onDestroy: onDestroy)
  }
}
