/// An exclusive, writable view of segments as one sequence of bytes.
///
/// The operations on a range are here, as well as in `MutableMDLSpan`, because a writable span is a
/// value of its own and `chain.span(from: 1).zeroBytes()` does not compile.
@safe
public struct MutableMDLChain: ~Copyable, ~Escapable {
  @usableFromInline let view: MDLChain

  /// - Precondition: nothing else reads or writes these segments during the lifetime of the result.
  @inlinable
  @_lifetime(copy view)
  init(_ view: MDLChain) { self.view = view }

  /// The sum of all segments' bytes.
  @inlinable
  public var byteCount: Int { view.byteCount }

  /// The number of segments, including empty ones.
  @inlinable
  public var segmentCount: Int { view.segmentCount }

  /// The same segments for reading; they cannot be written during its lifetime.
  @inlinable
  public var chain: MDLChain {
    @_lifetime(borrow self) get { unsafe _overrideLifetime(view, borrowing: self) }
  }

  /// `byteCount` bytes from `start` on, for writing; nil means all that follow.
  ///
  /// - Throws: `.outOfBounds`
  @inlinable
  @inline(__always)
  @_lifetime(&self)
  public mutating func span(
    from start: Int = 0, byteCount count: Int? = nil
  ) throws(MDLError) -> MutableMDLSpan {
    let range = try view.span(from: start, byteCount: count)
    return unsafe _overrideLifetime(MutableMDLSpan(range), mutating: &self)
  }

  /// Zeroes a range, as `memset(chain + start, 0, byteCount)`.
  ///
  /// - Throws: `.outOfBounds`; nothing is written then
  /// - Windows: MdlChainZeroBuffers, MdlChainZeroBuffersAtOffset, …NonTemporal, …Secure
  @inlinable
  @inline(__always)
  @_lifetime(self: copy self)
  public mutating func zeroBytes(
    from start: Int = 0, byteCount count: Int? = nil, _ how: MDLZeroing = .cached
  ) throws(MDLError) {
    var range = try span(from: start, byteCount: count)
    range.zeroBytes(how)
  }

  /// Fills a range, as `memset(chain + start, byte, byteCount)`.
  ///
  /// - Throws: `.outOfBounds`; nothing is written then
  /// - Windows: MdlChainFillBuffers, MdlChainFillBuffersAtOffset, …NonTemporal
  @inlinable
  @inline(__always)
  @_lifetime(self: copy self)
  public mutating func fillBytes(
    with byte: UInt8, from start: Int = 0, byteCount count: Int? = nil,
    _ how: MDLStoring = .cached
  ) throws(MDLError) {
    var range = try span(from: start, byteCount: count)
    range.fillBytes(with: byte, how)
  }

  /// Copies all of `source`, as `memcpy(chain + start, source, source.byteCount)`.
  ///
  /// - Throws: `.outOfBounds`; nothing is written then
  /// - Windows: MdlCopyMdlChainToMdlChainAtOffset, MdlCopyFlatBufferToMdlChainAtOffset
  @inlinable
  @inline(__always)
  @_lifetime(self: copy self)
  public mutating func copyBytes(
    _ source: MDLSpan, to start: Int, _ how: MDLStoring = .cached
  ) throws(MDLError) {
    var range = try span(from: start, byteCount: source.byteCount)
    try range.copyBytes(from: source, how)
  }
}
