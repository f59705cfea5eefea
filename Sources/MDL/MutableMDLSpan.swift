public import Glibc

/// An exclusive, writable range of bytes of a chain.
///
/// Safe code cannot create overlap: one owner has either readers or one writer. If unsafe code
/// builds aliasing segments nevertheless, each piece is moved as by `memmove`, pieces ascend, and
/// no byte outside is touched; the resulting bytes are unspecified.
@safe
public struct MutableMDLSpan: ~Copyable, ~Escapable {
  @usableFromInline var view: MDLSpan

  /// - Precondition: nothing else reads or writes these bytes during the lifetime of the result.
  @inlinable
  @_lifetime(copy view)
  init(_ view: MDLSpan) { self.view = view }

  /// Creates the span of one contiguous sequence.
  @inlinable
  @_lifetime(copy bytes)
  public init(_ bytes: consuming MutableRawSpan) {
    view = unsafe _overrideLifetime(MDLSpan(bytes.bytes), copying: bytes)
  }

  /// The number of bytes in the range.
  @inlinable
  public var byteCount: Int { view.byteCount }

  /// The same bytes for reading; they cannot be written during its lifetime.
  @inlinable
  public var span: MDLSpan {
    @_lifetime(borrow self) get { unsafe _overrideLifetime(view, borrowing: self) }
  }

  /// Removes and returns the first `count` bytes; the rest stays.
  ///
  /// The two parts are disjoint.
  ///
  /// - Throws: `.outOfBounds`; `self` is unchanged then
  @inlinable
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  public mutating func splitFirst(_ count: Int) throws(MDLError) -> MutableMDLSpan {
    let front = try view.splitFirst(count)
    return unsafe _overrideLifetime(MutableMDLSpan(front), copying: self)
  }

  /// Zeroes all bytes.
  ///
  /// - Windows: MdlSpanZeroBuffers, …NonTemporal, …Secure
  @inlinable
  @_lifetime(self: copy self)
  public mutating func zeroBytes(_ how: MDLZeroing = .cached) {
    switch how {
    case .cached, .nonTemporal: fillBytes(with: 0)
    case .secure:
      unsafe view.walk { (base, count) in
        unsafe explicit_bzero(base, count)
        return true
      }
    }
  }

  /// Sets all bytes to `byte`.
  ///
  /// - Windows: MdlSpanFillBuffers, …NonTemporal
  @inlinable
  @_lifetime(self: copy self)
  public mutating func fillBytes(with byte: UInt8, _ how: MDLStoring = .cached) {
    unsafe view.walk { (base, count) in
      unsafe memset(base, Int32(byte), count)
      return true
    }
  }

  /// Copies a contiguous sequence of the same length, as `memcpy(span, source, byteCount)`.
  ///
  /// - Throws: `.lengthMismatch`; nothing is written then
  /// - Windows: MdlCopyFlatBufferToMdlSpan, …NonTemporal
  @inlinable
  @_lifetime(self: copy self)
  public mutating func copyBytes(
    from source: RawSpan, _ how: MDLStoring = .cached
  ) throws(MDLError) {
    guard source.byteCount == byteCount else { throw .lengthMismatch }
    unsafe source.withUnsafeBytes {
      guard var from = $0.baseAddress else { return }
      unsafe view.walk { (base, count) in
        unsafe memmove(base, from, count)
        unsafe from += count
        return true
      }
    }
  }

  /// Copies another span of the same length, however both are segmented.
  ///
  /// - Throws: `.lengthMismatch`; nothing is written then
  /// - Windows: MdlCopyMdlPointerToMdlPointer, …NonTemporal
  @inlinable
  @_lifetime(self: copy self)
  public mutating func copyBytes(
    from source: MDLSpan, _ how: MDLStoring = .cached
  ) throws(MDLError) {
    guard source.byteCount == byteCount else { throw .lengthMismatch }
    if let flat = source.contiguousBytes { return try copyBytes(from: flat) }
    _ = unsafe view.pairwise(source) { (base, from, count) in
      unsafe memmove(base, from, count)
      return true
    }
  }

  /// Passes each contiguous region to `body`, in order; an error ends the iteration and is
  /// rethrown.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func forEachMutableRegion<Failure: Error>(
    _ body: (inout MutableRawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    var rest = view
    while rest.headCount > 0, let base = unsafe rest.head {
      var region = unsafe MutableRawSpan(_unsafeStart: base, byteCount: rest.headCount)
      try body(&region)
      rest = unsafe rest.part(from: rest.headCount, rest.byteCount &- rest.headCount)
    }
  }
}
