public import Glibc

extension MDLSpan {
  /// Whether both spans hold the same bytes, however they are segmented; false for different
  /// lengths.
  ///
  /// - Complexity: O(bytes), ends at the first piece that differs
  /// - Windows: MdlEqualBufferContents
  @inlinable
  public func bytesEqual(_ other: MDLSpan) -> Bool {
    guard byteCount == other.byteCount else { return false }
    let equalCount = unsafe pairwise(other) { (mine, theirs, count) in
      unsafe memcmp(mine, theirs, count) == 0
    }
    return equalCount == byteCount
  }

  /// The index of the first byte that differs within the common length; nil if there is none.
  ///
  /// - Windows: MdlEqualBufferContentsUpdateInputs stops at the start of the piece instead
  @inlinable
  public func firstMismatch(_ other: MDLSpan) -> Int? {
    let count = min(byteCount, other.byteCount)
    let (mine, theirs) = unsafe (part(from: 0, count), other.part(from: 0, count))
    var indexInPiece = 0
    let equalCount = unsafe mine.pairwise(theirs) { (left, right, pieceCount) in
      guard unsafe memcmp(left, right, pieceCount) != 0 else { return true }
      while unsafe left.load(fromByteOffset: indexInPiece, as: UInt8.self)
        == right.load(fromByteOffset: indexInPiece, as: UInt8.self)
      {
        indexInPiece &+= 1
      }
      return false
    }
    return equalCount == count ? nil : equalCount &+ indexInPiece
  }
}
