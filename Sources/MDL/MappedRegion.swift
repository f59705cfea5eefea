internal import CLinux
internal import Glibc

/// Why the kernel refused memory to a mapped region.
public enum MappingError: Error, Equatable, Sendable {
  /// mmap(2) failed with this errno: EINVAL for no bytes, ENOMEM for too many.
  case map(errno: Int32)
  /// madvise(2) failed with this errno: ENOMEM or EFAULT for no memory, EINVAL before Linux 5.14.
  case prefault(errno: Int32)
}

/// Owns whole pages of zeroed memory, private to this process: rings and pools.
///
/// - Ownership: unmaps the pages when consumed or dropped
/// - Thread: any; the sendability is unchecked because the compiler cannot see through the pointer,
///   but the memory has one owner, which cannot be copied, and is accessed only by borrowing it
@safe
public struct MappedRegion: ~Copyable, @unchecked Sendable {
  private let memory: UnsafeMutableRawBufferPointer

  /// Maps `byteCount` bytes, which the kernel rounds up to whole pages; `byteCount` stays as
  /// requested.
  public init(byteCount: Int) throws(MappingError) {
    guard byteCount > 0 else { throw .map(errno: EINVAL) }
    let base = unsafe mmap(
      nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard unsafe clinux_map_failed(base) == 0 else { throw .map(errno: clinux_errno()) }
    unsafe memory = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
  }

  deinit { unsafe munmap(memory.baseAddress, memory.count) }

  /// Makes the kernel allocate every page now, so that no later write waits for one.
  ///
  /// - Throws: `.prefault` if out of memory; pages allocated so far stay
  /// - Windows: MdlChainEnsureMappedSystemAddress, the part of it that can fail here
  /// - Source: madvise(2), MADV_POPULATE_WRITE
  public borrowing func prefault() throws(MappingError) {
    while unsafe madvise(memory.baseAddress, memory.count, Int32(MADV_POPULATE_WRITE)) != 0 {
      let code = clinux_errno()
      guard code == EINTR || code == EAGAIN else { throw .prefault(errno: code) }
    }
  }

  /// The requested number of bytes.
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

  /// Passes the bytes to `body`; for a region that is a stored property of a class.
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
