extension MDLChain {
  /// The normal form of the first byte's position; `endOffset` for an empty chain.
  public var startOffset: MDLOffset { skippingFullSegments(MDLOffset()) }

  /// The position after the last byte: legal input everywhere.
  public var endOffset: MDLOffset { MDLOffset(segmentIndex: segments.count) }

  /// The same position within a non-empty segment, or `endOffset`.
  ///
  /// - Throws: `.invalidOffset` for a negative part or a segment index above `segmentCount`,
  ///   `.outOfBounds` for a position after the end
  /// - Complexity: O(segments skipped)
  /// - Windows: MdlPointerNormalize
  public func normalized(_ offset: MDLOffset) throws(MDLError) -> MDLOffset {
    guard offset.segmentIndex >= 0, offset.segmentIndex <= segments.count, offset.byteOffset >= 0
    else { throw .invalidOffset }
    let result = skippingFullSegments(offset)
    guard result.segmentIndex < segments.count || result.byteOffset == 0 else {
      throw .outOfBounds
    }
    return result
  }

  /// The position `count` bytes after `offset`, in normal form.
  ///
  /// - Throws: as `normalized(_:)`, and `.outOfBounds` for a negative count
  /// - Windows: MdlPointerAdvanceBytes
  public func offset(_ offset: MDLOffset, advancedBy count: Int) throws(MDLError) -> MDLOffset {
    guard offset.byteOffset >= 0 else { throw .invalidOffset }
    guard count >= 0 else { throw .outOfBounds }
    let (sum, overflow) = offset.byteOffset.addingReportingOverflow(count)
    guard !overflow else { throw .outOfBounds }
    return try normalized(MDLOffset(segmentIndex: offset.segmentIndex, byteOffset: sum))
  }

  /// The position of byte `index`, in normal form; `byteCount` gives `endOffset`.
  ///
  /// - Throws: `.outOfBounds` for a negative index and for one above `byteCount`
  /// - Windows: MdlChainAdvanceBytes
  public func offset(atByte index: Int) throws(MDLError) -> MDLOffset {
    try offset(MDLOffset(), advancedBy: index)
  }

  /// - Precondition: both parts of `offset` are non-negative.
  private func skippingFullSegments(_ offset: MDLOffset) -> MDLOffset {
    var offset = offset
    while offset.segmentIndex < segments.count {
      let byteCount = unsafe segments[unchecked: offset.segmentIndex].byteCount
      guard offset.byteOffset >= byteCount else { break }
      offset.byteOffset &-= byteCount
      offset.segmentIndex &+= 1
    }
    return offset
  }
}
