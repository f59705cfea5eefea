extension ContextBox {
  /// This box as one of `C`, which the lookup by `typeID` has found it to be.
  func typed<C: ~Copyable & Sendable>(as type: C.Type) -> TypedContextBox<C> {
    // A dynamic cast costs more than all the rest of a lookup; `typeID` is set from `C` alone.
    unsafe unsafeDowncast(self, to: TypedContextBox<C>.self)
  }
}
