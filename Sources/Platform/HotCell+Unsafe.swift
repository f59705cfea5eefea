/// A value in memory of its own, behind one pointer that never changes.
///
/// A stored property of a class is checked for exclusive access at each use, which costs 13 ns a
/// frame; this value is not checked.
///
/// - Thread: its owner's; no access may begin while another is in progress
@safe public struct HotCell<Value: ~Copyable>: ~Copyable {
  @usableFromInline let memory: UnsafeMutablePointer<Value>

  /// Puts a value into memory of its own.
  @inlinable
  public init(_ value: consuming Value) {
    unsafe memory = .allocate(capacity: 1)
    unsafe memory.initialize(to: value)
  }

  @inlinable
  deinit {
    unsafe memory.deinitialize(count: 1)
    unsafe memory.deallocate()
  }

  /// The value, in place.
  @inlinable
  public var value: Value {
    @inline(__always) unsafeAddress { unsafe UnsafePointer(memory) }
    @inline(__always) nonmutating unsafeMutableAddress { unsafe memory }
  }
}
