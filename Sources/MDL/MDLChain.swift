/// A read-only view of segments as one sequence of bytes.
///
/// Segments of length zero are allowed anywhere. The chain may have more than `IOV_MAX` entries.
///
/// - Ownership: borrows its builder, and through it every segment
/// - Windows: a list of MDLs linked by `Next`
@safe
public struct MDLChain: ~Escapable {
  @usableFromInline let segments: Span<MDLSegment>
  /// The sum of all segments' bytes.
  public let byteCount: Int

  /// - Precondition: `byteCount` is the sum of the rows.
  @inlinable
  @_lifetime(copy segments)
  init(_ segments: Span<MDLSegment>, byteCount: Int) {
    self.segments = segments
    self.byteCount = byteCount
  }

  /// The number of segments, including empty ones.
  @inlinable
  public var segmentCount: Int { segments.count }

  /// All bytes.
  @inlinable
  public var span: MDLSpan {
    @_lifetime(copy self) get { MDLSpan(segments, skip: 0, byteCount: byteCount) }
  }

  /// `byteCount` bytes from `start` on; nil means all that follow.
  ///
  /// - Throws: `.outOfBounds` unless `0 ≤ start ≤ byteCount` and `0 ≤ count ≤ byteCount - start`,
  ///   also when the count is zero
  /// - Complexity: O(segments skipped)
  @inlinable
  @_lifetime(copy self)
  public func span(from start: Int, byteCount count: Int? = nil) throws(MDLError) -> MDLSpan {
    let count = try checkedCount(from: start, count, of: byteCount)
    return MDLSpan(segments, skip: start, byteCount: count)
  }

  /// `byteCount` bytes from a position on; nil means all that follow.
  ///
  /// - Throws: `.invalidOffset` for a position that no chain of this shape has, `.outOfBounds` for
  ///   one after the end and for a count that exceeds the chain
  /// - Complexity: O(segments)
  @inlinable
  @_lifetime(copy self)
  public func span(at offset: MDLOffset, byteCount count: Int? = nil) throws(MDLError) -> MDLSpan {
    let start = try normalized(offset)
    let rest = segments.extracting(droppingFirst: start.segmentIndex)
    var available = -start.byteOffset
    for index in rest.indices {
      available &+= unsafe rest[unchecked: index].byteCount
    }
    let count = try checkedCount(from: 0, count, of: available)
    return MDLSpan(rest, skip: start.byteOffset, byteCount: count)
  }

  /// Copies a range as `memcpy(out, chain + start, byteCount)`.
  ///
  /// - Throws: `.outOfBounds`, `.destinationTooSmall`; nothing is written then
  @inlinable
  @_lifetime(out: copy out)
  public func copyBytes(
    from start: Int, byteCount: Int, to out: inout MutableRawSpan
  ) throws(MDLError) {
    try span(from: start, byteCount: byteCount).copyBytes(to: &out)
  }

  /// Compares a range of this chain with a range of the same length of another, as `memcmp`.
  ///
  /// - Throws: `.outOfBounds` if either range exceeds its chain
  @inlinable
  public func bytesEqual(
    from start: Int, byteCount: Int, _ other: MDLChain, from otherStart: Int
  ) throws(MDLError) -> Bool {
    let mine = try span(from: start, byteCount: byteCount)
    let theirs = try other.span(from: otherStart, byteCount: byteCount)
    return mine.bytesEqual(theirs)
  }
}

/// The only bounds check for all forms with an offset and a length; it cannot overflow.
///
/// - Returns: `count`, or everything after `start` for nil
@inlinable
@inline(__always)
func checkedCount(from start: Int, _ count: Int?, of byteCount: Int) throws(MDLError) -> Int {
  guard start >= 0, start <= byteCount else { throw .outOfBounds }
  let available = byteCount &- start
  guard let count else { return available }
  guard count >= 0, count <= available else { throw .outOfBounds }
  return count
}
