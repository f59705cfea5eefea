internal import MDL

/// The memory in which a client's message arrived, and from which its frames are sent.
///
/// It is private to the daemon: the kernel copied the message into it, so nothing can change
/// after it was checked (threat T8).
///
/// - Shape: 64-byte aligned, `capacity` bytes, the first `byteCount` of them valid
/// - Thread: the loop that has the session; a write that is pended takes it along
/// - Ownership: one owner at a time; a pool gives it again when the last reference is gone
@safe public final class MessageBuffer {
  /// The first byte.
  public let base: UnsafeMutableRawPointer
  /// Bytes there are.
  public let capacity: Int
  /// Bytes of the message in it.
  public var byteCount = 0

  /// Allocates memory for messages of up to `capacity` bytes.
  public init(capacity: Int) {
    unsafe base = .allocate(byteCount: capacity, alignment: 64)
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
    self.capacity = capacity
  }

  deinit { unsafe base.deallocate() }

  /// The message, borrowed while the buffer lives.
  public var bytes: RawSpan {
    @_lifetime(borrow self) get {
      unsafe _overrideLifetime(
        RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: byteCount), borrowing: self)
    }
  }
}
