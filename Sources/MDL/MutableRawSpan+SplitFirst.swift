extension MutableRawSpan {
  /// Removes and returns the first `count` bytes; the rest stays.
  ///
  /// Both parts are exclusive and disjoint.
  ///
  /// - Throws: `.outOfBounds`; `self` is unchanged then
  @inlinable
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  public mutating func splitFirst(_ count: Int) throws(MDLError) -> MutableRawSpan {
    guard count >= 0, count <= byteCount else { throw .outOfBounds }
    let restCount = byteCount &- count
    guard let base = unsafe withUnsafeMutableBytes({ $0.baseAddress }) else {
      return MutableRawSpan()
    }
    let front = unsafe _overrideLifetime(
      MutableRawSpan(_unsafeStart: base, byteCount: count), copying: self)
    self = unsafe _overrideLifetime(
      MutableRawSpan(_unsafeStart: base + count, byteCount: restCount), copying: self)
    return front
  }
}
