extension MDLSpan {
  /// The bytes in place if one segment holds them all, otherwise nil; an empty span gives no bytes,
  /// not nil.
  ///
  /// - Complexity: O(1)
  @inlinable
  public var contiguousBytes: RawSpan? {
    @_lifetime(copy self) get {
      guard headCount == byteCount else { return nil }
      guard let base = unsafe head else { return RawSpan() }
      return unsafe _overrideLifetime(
        RawSpan(_unsafeStart: base, byteCount: byteCount), copying: self)
    }
  }

  /// The bytes in place if one segment holds them all, otherwise a copy in `scratch`.
  ///
  /// - Throws: `.destinationTooSmall` if a copy is needed and does not fit
  /// - Windows: NdisGetDataBuffer with storage of the caller
  @inlinable
  @_lifetime(copy self, &scratch)
  public func bytes(orCopiedTo scratch: inout MutableRawSpan) throws(MDLError) -> RawSpan {
    if let inPlace = contiguousBytes { return inPlace }
    try copyBytes(to: &scratch)
    return scratch.bytes.extracting(first: byteCount)
  }

  /// Passes the bytes in place to `body` if one segment holds them all; returns nil otherwise.
  @inlinable
  public func withContiguousBytes<Result: ~Copyable, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    guard let inPlace = contiguousBytes else { return nil }
    return try body(inPlace)
  }
}
