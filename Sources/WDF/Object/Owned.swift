/// The only owner of an object created without a parent: going out of scope deletes it.
///
/// The driver is its parent nevertheless, so it ends with the driver at the latest.
public struct Owned<Kind: ObjectKind>: ~Copyable, Sendable {
  /// The object.
  public let ref: Ref<Kind>

  init(_ ref: Ref<Kind>) { self.ref = ref }

  /// Deletes the object now.
  @discardableResult
  public consuming func delete() throws(WdfError) -> DeleteOutcome { try ref.delete() }

  deinit { _ = try? ref.core.framework.deleteExplicitly(ref.core, reports: false) }
}

extension Ref where Kind == Driver {
  /// Creates an object that lives as long as the returned value, and no longer than the driver.
  public func makeObject<C: ~Copyable & Sendable>(
    _ name: String, _ context: Context<General, C>, options: ObjectOptions = ObjectOptions(),
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws(WdfError) -> Owned<General> {
    Owned(try makeChild(name, context, options: options, fileID: fileID, line: line))
  }
}
