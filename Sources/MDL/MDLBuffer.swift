internal import Glibc

/// Owns heap memory for frames and requests; its address never changes.
///
/// - Ownership: frees the memory when consumed or dropped, wiped first if requested
/// - Thread: any; the sendability is unchecked because the compiler cannot see through the pointer,
///   but the memory has one owner, which cannot be copied, and is accessed only by borrowing it
@safe
public struct MDLBuffer: ~Copyable, @unchecked Sendable {
  private let memory: UnsafeMutableRawBufferPointer
  private let wipeOnFree: Bool

  /// Allocates `byteCount` zeroed bytes.
  ///
  /// - Precondition: the count is not negative, the alignment a power of two.
  public init(byteCount: Int, alignment: Int = 64, wipeOnFree: Bool = false) {
    precondition(byteCount >= 0, "a buffer's byte count is not negative")
    precondition(
      alignment > 0 && alignment & (alignment &- 1) == 0, "an alignment is a power of two")
    unsafe memory = .allocate(byteCount: byteCount, alignment: alignment)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
    self.wipeOnFree = wipeOnFree
  }

  deinit {
    if wipeOnFree, let base = unsafe memory.baseAddress {
      unsafe explicit_bzero(base, memory.count)
    }
    unsafe memory.deallocate()
  }

  /// The number of bytes in the buffer.
  public var byteCount: Int { unsafe memory.count }

  /// The bytes, to read.
  public var bytes: RawSpan {
    @_lifetime(borrow self) get {
      unsafe _overrideLifetime(
        RawSpan(_unsafeBytes: UnsafeRawBufferPointer(memory)), borrowing: self)
    }
  }

  /// The bytes, to write; exclusive while it lives.
  public var mutableBytes: MutableRawSpan {
    @_lifetime(&self) mutating get {
      unsafe _overrideLifetime(MutableRawSpan(_unsafeBytes: memory), mutating: &self)
    }
  }

  /// Passes the bytes to `body`; for a buffer that is a stored property of a class.
  public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(bytes)
  }

  /// Passes the bytes to `body` for writing; for a stored property of a class.
  public mutating func withMutableBytes<Result: ~Copyable, Failure: Error>(
    _ body: (inout MutableRawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var bytes = mutableBytes
    return try body(&bytes)
  }
}
