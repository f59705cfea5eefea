/// A box found by a lookup, without a reference of its own: the list keeps it as long as the
/// object, which the caller has pinned.
@usableFromInline
@safe
struct UncountedBox {
  @usableFromInline let box: Unmanaged<ContextBox>

  init(_ box: Unmanaged<ContextBox>) { unsafe self.box = unsafe box }

  var typeName: String { unsafe box._withUnsafeGuaranteedRef { $0.typeName } }

  /// Passes the value of the box to `body` as a `C`, whose type the lookup by `typeID` has
  /// verified.
  @inlinable
  func withValue<C: ~Copyable & Sendable, R: ~Copyable>(
    as type: C.Type, of id: ObjectID, _ body: (borrowing C) throws(WdfError) -> R
  ) throws(WdfError) -> R {
    // A dynamic cast would cost more than the rest of a lookup; `typeID` is set from `C` alone.
    let typed = unsafe unsafeDowncast(box.takeUnretainedValue(), to: TypedContextBox<C>.self)
    return try typed.withValue(of: id, body)
  }
}
