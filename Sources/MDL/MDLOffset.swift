/// A position in a chain: `byteOffset` bytes after the start of segment `segmentIndex`.
///
/// A plain value that is meaningful only with its chain, like the index of a collection. The byte
/// offset may span any number of segments (a relative position); the normal form lies within a
/// non-empty segment, or is the chain's `endOffset`. Compare normal forms only.
///
///     segments      [ a b c d ][ ][ e f g ]
///     relative       (0, 5) ───────► f
///     normal                       (2, 1)
///
/// - Windows: MDL_POINTER
public struct MDLOffset: BitwiseCopyable, Hashable, Sendable {
  /// The segment that the position counts from.
  public var segmentIndex: Int
  /// The number of bytes after that segment's start.
  public var byteOffset: Int

  /// Creates a position; the default is the first byte of the first segment.
  @inlinable
  public init(segmentIndex: Int = 0, byteOffset: Int = 0) {
    self.segmentIndex = segmentIndex
    self.byteOffset = byteOffset
  }
}
