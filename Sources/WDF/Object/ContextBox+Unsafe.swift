extension ContextBox {
  /// This box as one of `C`, if it is one.
  func typed<C: ~Copyable & Sendable>(_ type: C.Type) -> TypedContextBox<C>? {
    guard typeID == ObjectIdentifier(C.self) else { return nil }
    // A dynamic cast costs more than all the rest of a lookup; `typeID` is set from `C` alone.
    return unsafe unsafeDowncast(self, to: TypedContextBox<C>.self)
  }
}
