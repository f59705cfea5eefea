internal import Synchronization

/// The contexts of an object, in order of addition: a list that only grows.
///
/// A lookup takes no lock and counts no reference: boxes stay as long as the list. (The standard
/// library's `AtomicLazyReference` would fit, but its load is an unspecialized call.)
@safe
struct ContextList: ~Copyable, Sendable {
  private let head = unsafe Atomic<Unmanaged<ContextBox>?>(nil)

  deinit {
    var next = unsafe head.load(ordering: .acquiring)
    while let box = unsafe next {
      unsafe next = unsafe box._withUnsafeGuaranteedRef {
        unsafe $0.next.load(ordering: .acquiring)
      }
      unsafe box.release()
    }
  }

  /// The box of a type, if there is one.
  func first(_ typeID: ObjectIdentifier) -> UncountedBox? {
    var next = unsafe head.load(ordering: .acquiring)
    while let box = unsafe next {
      if unsafe box._withUnsafeGuaranteedRef({ $0.typeID == typeID }) {
        return unsafe UncountedBox(box)
      }
      unsafe next = unsafe box._withUnsafeGuaranteedRef {
        unsafe $0.next.load(ordering: .acquiring)
      }
    }
    return nil
  }

  /// Appends a box; the tree lock serializes calls.
  func append(_ box: ContextBox) {
    let retained = unsafe Unmanaged.passRetained(box)
    var last: ContextBox?
    forEach { last = $0 }
    if let last {
      unsafe last.next.store(retained, ordering: .releasing)
    } else {
      unsafe head.store(retained, ordering: .releasing)
    }
  }

  func forEach(_ body: (ContextBox) -> Void) {
    var next = unsafe head.load(ordering: .acquiring)
    while let box = unsafe next {
      let found = unsafe box.takeUnretainedValue()
      body(found)
      unsafe next = unsafe found.next.load(ordering: .acquiring)
    }
  }
}
