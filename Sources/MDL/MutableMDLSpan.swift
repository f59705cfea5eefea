public import Glibc

/// An exclusive, writable range of bytes of a chain.
///
/// Overlap cannot be written: one owner has either readers or one writer. If unsafe code builds
/// aliasing segments nevertheless, each piece is moved as by `memmove`, pieces ascend, and no byte
/// outside is touched; the bytes that result are unspecified.
@safe
public struct MutableMDLSpan: ~Copyable, ~Escapable {
  @usableFromInline var view: MDLSpan

  /// - Precondition: nobody else reads or writes these bytes while the result lives.
  @inlinable
  @_lifetime(copy view)
  init(_ view: MDLSpan) { self.view = view }

  /// Makes the span of one contiguous run.
  @inlinable
  @_lifetime(copy bytes)
  public init(_ bytes: consuming MutableRawSpan) {
    view = unsafe _overrideLifetime(MDLSpan(bytes.bytes), copying: bytes)
  }

  /// How many bytes the range has.
  @inlinable
  public var byteCount: Int { view.byteCount }

  /// The same bytes, to read; nothing can be written while it lives.
  @inlinable
  public var span: MDLSpan {
    @_lifetime(borrow self) get { unsafe _overrideLifetime(view, borrowing: self) }
  }

  /// Takes the first `count` bytes off; the rest stays.
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

  /// Copies a flat run of the same length, as `memcpy(span, source, byteCount)`.
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

  /// Copies another span of the same length, however both are cut.
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

  /// Hands each contiguous region to `body`, in order; an error ends the walk and is rethrown.
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
