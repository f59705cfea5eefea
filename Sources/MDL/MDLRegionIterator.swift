/// Yields a span's contiguous regions in order: clipped to the span, never empty, and never merged
/// even if two happen to be adjacent in memory.
///
///     var regions = span.makeRegionIterator()
///     while let region = regions.next() { … }
///
/// - Windows: MdlChainIterateBuffers, MdlSpanIterateBuffers
@safe
public struct MDLRegionIterator: ~Escapable {
  @usableFromInline var rest: MDLSpan

  @inlinable
  @_lifetime(copy span)
  init(_ span: MDLSpan) { rest = span }

  /// The next region; nil after the last one.
  @inlinable
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  public mutating func next() -> RawSpan? {
    let count = rest.headCount
    guard count > 0, let base = unsafe rest.head else { return nil }
    let region = unsafe RawSpan(_unsafeStart: base, byteCount: count)
    rest = unsafe rest.part(from: count, rest.byteCount &- count)
    return unsafe _overrideLifetime(region, copying: self)
  }
}

extension MDLSpan {
  /// An iterator over the span's contiguous regions.
  @inlinable
  @_lifetime(copy self)
  public func makeRegionIterator() -> MDLRegionIterator { MDLRegionIterator(self) }

  /// Passes each contiguous region to `body`, in order; an error ends the iteration and is
  /// rethrown.
  @inlinable
  public func forEachRegion<Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    var regions = makeRegionIterator()
    while let region = regions.next() { try body(region) }
  }
}
