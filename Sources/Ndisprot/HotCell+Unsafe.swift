/// A value in memory of its own, behind one pointer that never changes.
///
/// A stored property of a class is checked for exclusive access at each use, which costs 13 ns a
/// frame; this value is not checked.
///
/// - Thread: its owner's; no access may begin while another is in progress
@safe struct HotCell<Value: ~Copyable>: ~Copyable {
  private let memory: UnsafeMutablePointer<Value>

  init(_ value: consuming Value) {
    unsafe memory = .allocate(capacity: 1)
    unsafe memory.initialize(to: value)
  }

  deinit {
    unsafe memory.deinitialize(count: 1)
    unsafe memory.deallocate()
  }

  /// The value, in place.
  var value: Value {
    @inline(__always) unsafeAddress { unsafe UnsafePointer(memory) }
    @inline(__always) nonmutating unsafeMutableAddress { unsafe memory }
  }
}
