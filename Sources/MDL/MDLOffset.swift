/// A position in a chain: `byteOffset` bytes behind the start of segment `segmentIndex`.
///
/// A plain value that means something only with its chain, like the index of a collection. The
/// byte offset may run across any number of segments (a relative position); the normal form lies
/// inside a non-empty segment, or is the chain's `endOffset`. Compare normal forms only.
///
///     segments      [ a b c d ][ ][ e f g ]
///     relative       (0, 5) ───────► f
///     normal                       (2, 1)
///
/// - Windows: MDL_POINTER
public struct MDLOffset: BitwiseCopyable, Hashable, Sendable {
  /// Which segment the position counts from.
  public var segmentIndex: Int
  /// How many bytes behind that segment's start.
  public var byteOffset: Int

  /// Makes a position; the default is the first byte of the first segment.
  @inlinable
  public init(segmentIndex: Int = 0, byteOffset: Int = 0) {
    self.segmentIndex = segmentIndex
    self.byteOffset = byteOffset
  }
}
