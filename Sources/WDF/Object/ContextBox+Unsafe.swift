/// A box that a lookup has found, not counted: the list keeps it as long as the object, whose pin the
/// caller has.
@usableFromInline
@safe
struct UncountedBox {
  @usableFromInline let box: Unmanaged<ContextBox>

  init(_ box: Unmanaged<ContextBox>) { unsafe self.box = unsafe box }

  var typeName: String { unsafe box._withUnsafeGuaranteedRef { $0.typeName } }

  /// Lends the value of the box as one of `C`, which the lookup by `typeID` has found it to be.
  @inlinable
  func withValue<C: ~Copyable & Sendable, R: ~Copyable>(
    as type: C.Type, of id: ObjectID, _ body: (borrowing C) throws(WdfError) -> R
  ) throws(WdfError) -> R {
    // A dynamic cast costs more than all the rest of a lookup; `typeID` is set from `C` alone.
    let typed = unsafe unsafeDowncast(box.takeUnretainedValue(), to: TypedContextBox<C>.self)
    return try typed.withValue(of: id, body)
  }
}
