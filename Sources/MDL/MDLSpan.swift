/// A range of bytes of a chain.
///
/// The first contiguous piece is stored trimmed, the segments after it as they are in the table;
/// the byte count says where the range ends in them. A contiguous span has no table.
///
///     segments     [ . . . h h h ][ ][ t t t ][ t t . . ]
///     head, headCount    └─────┘   └─ tail              byteCount 8
///
/// It has four words on purpose: with a fifth it would be passed through memory at every call (test
/// T11).
///
/// - Ownership: borrows what its chain borrows; a copy is free
/// - Windows: MDL_SPAN
@safe
public struct MDLSpan: ~Escapable {
  @usableFromInline let head: UnsafeMutableRawPointer?
  @usableFromInline let headCount: Int
  @usableFromInline let tail: UnsafePointer<MDLSegment>?
  /// The number of bytes in the range.
  public let byteCount: Int

  /// Creates the span of one contiguous sequence.
  @inlinable
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) {
    unsafe head = unsafe bytes.withUnsafeBytes {
      unsafe UnsafeMutableRawPointer(mutating: $0.baseAddress)
    }
    headCount = bytes.byteCount
    unsafe tail = nil
    byteCount = bytes.byteCount
  }

  /// Whether it is empty.
  @inlinable
  public var isEmpty: Bool { byteCount == 0 }

  /// The number of regions that an iteration visits.
  ///
  /// - Complexity: O(segments)
  @inlinable
  public var regionCount: Int {
    var count = 0
    unsafe walk { (_, _) in
      count &+= 1
      return true
    }
    return count
  }

  /// The bytes of a range relative to the start of this span.
  ///
  /// - Throws: `.outOfBounds`
  /// - Complexity: O(segments skipped)
  @inlinable
  @_lifetime(copy self)
  public func extracting(_ range: Range<Int>) throws(MDLError) -> MDLSpan {
    guard range.lowerBound >= 0, range.upperBound <= byteCount else { throw .outOfBounds }
    return unsafe part(from: range.lowerBound, range.upperBound &- range.lowerBound)
  }

  /// The first `count` bytes.
  ///
  /// - Throws: `.outOfBounds`
  @inlinable
  @_lifetime(copy self)
  public func extracting(first count: Int) throws(MDLError) -> MDLSpan {
    guard count >= 0, count <= byteCount else { throw .outOfBounds }
    return unsafe part(from: 0, count)
  }

  /// All but the first `count` bytes.
  ///
  /// - Throws: `.outOfBounds`
  /// - Complexity: O(segments skipped)
  @inlinable
  @_lifetime(copy self)
  public func extracting(droppingFirst count: Int) throws(MDLError) -> MDLSpan {
    guard count >= 0, count <= byteCount else { throw .outOfBounds }
    return unsafe part(from: count, byteCount &- count)
  }

  /// Removes and returns the first `count` bytes; the rest stays.
  ///
  /// Called repeatedly, it visits every byte once.
  ///
  /// - Throws: `.outOfBounds`; `self` is unchanged then
  /// - Windows: the …UpdateInputs routines
  @inlinable
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  public mutating func splitFirst(_ count: Int) throws(MDLError) -> MDLSpan {
    guard count >= 0, count <= byteCount else { throw .outOfBounds }
    let front = unsafe part(from: 0, count)
    self = unsafe part(from: count, byteCount &- count)
    return front
  }
}
