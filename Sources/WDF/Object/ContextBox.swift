public import Platform
internal import Synchronization

/// One type-erased context of an object: an entry of the list in a ``ObjectHeader``.
///
/// The list only grows, at its end, so a lookup traverses it without a lock.
@safe
@usableFromInline
class ContextBox: @unchecked Sendable {  // immutable but for `next`, which is atomic
  let typeID: ObjectIdentifier
  let typeName: String
  /// The context added after this one; owned by the list.
  let next = unsafe Atomic<Unmanaged<ContextBox>?>(nil)
  private let isCleaned = Atomic<Bool>(false)

  init(typeID: ObjectIdentifier, typeName: String) {
    self.typeID = typeID
    self.typeName = typeName
  }

  /// Runs the cleanup callback unless it has run.
  final func cleanUp(_ core: ObjectHeader) {
    guard !isCleaned.exchange(true, ordering: .acquiringAndReleasing) else { return }
    runCleanup(core)
  }

  func runCleanup(_ core: ObjectHeader) {}

  /// Moves the value into the destroy callback, or drops it.
  func destroy(_ id: ObjectID) {}

  /// Drops the value without a callback, for an object that was never committed.
  func discard() {}
}

/// A context value and its callbacks.
///
/// Any number of threads may borrow the value while the object has pins; it is moved out once, when
/// there are none left. Therefore no lock guards it.
@usableFromInline
final class TypedContextBox<C: ~Copyable & Sendable>: ContextBox, @unchecked Sendable {
  // These are written only in `destroy` and `discard`, which run when the pin count is zero or the
  // object was never reachable: no look at the value is under way then, and none has to be checked for
  // that, which would cost a third of a pin.
  @usableFromInline let value: HotCell<C?>
  private var onCleanup: (@Sendable (ObjectHeader, borrowing C) -> Void)?
  private var onDestroy: (@Sendable (ObjectID, consuming C) -> Void)?

  init(
    _ value: consuming C,
    onCleanup: (@Sendable (ObjectHeader, borrowing C) -> Void)?,
    onDestroy: (@Sendable (ObjectID, consuming C) -> Void)?
  ) {
    self.value = HotCell(consume value)
    self.onCleanup = onCleanup
    self.onDestroy = onDestroy
    super.init(typeID: ObjectIdentifier(C.self), typeName: "\(C.self)")
  }

  /// Passes the value of an object's context to `body`.
  @inlinable
  func withValue<R: ~Copyable>(
    of id: ObjectID, _ body: (borrowing C) throws(WdfError) -> R
  ) throws(WdfError) -> R {
    switch value.value {
    case .some(let value): return try body(value)
    case .none: throw WdfError(.contextDestroying, id)
    }
  }

  override func runCleanup(_ core: ObjectHeader) {
    guard let onCleanup else { return }
    switch value.value {
    case .some(let value): onCleanup(core, value)
    case .none: return
    }
  }

  override func destroy(_ id: ObjectID) {
    // References outlive the object; captures of its callbacks must not.
    onCleanup = nil
    let onDestroy = onDestroy.take()
    guard let value = value.value.take() else { return }
    if let onDestroy { onDestroy(id, value) }
  }

  override func discard() {
    value.value = nil
    onCleanup = nil
    onDestroy = nil
  }
}
