/// A value of its own in memory, behind one pointer that does not change.
///
/// A stored property of a class is checked for exclusive access at each use, which costs 13 ns a frame;
/// the value in here is not.
///
/// - Thread: that of its owner; no access may begin while another is under way
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
