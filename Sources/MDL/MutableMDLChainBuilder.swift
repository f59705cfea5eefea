/// A table of writable segments, held exclusively.
///
/// Appending consumes the region, so no byte can be in two segments;
/// `MutableRawSpan.splitFirst(_:)` cuts one region into disjoint parts.
public struct MutableMDLChainBuilder<let capacity: Int>: ~Copyable, ~Escapable {
  // Directly in the builder, and read by `table.span` in the getters below: if it is behind a
  // getter of another struct, the optimiser of Swift 6.3.1 uses the span of a copy that no longer
  // exists.
  @usableFromInline var table: InlineArray<capacity, MDLSegment>
  @usableFromInline var usedCount: Int
  @usableFromInline var sum: Int

  /// Creates an empty builder.
  @inlinable
  @_lifetime(immortal)
  public init() {
    table = InlineArray(repeating: MDLSegment())
    usedCount = 0
    sum = 0
  }

  /// Appends a region; an empty one is kept and counted.
  ///
  /// - Throws: `.tooManySegments` if the table is full, `.outOfBounds` if the sum of all lengths
  ///   would overflow; the builder is unchanged then.
  /// - Complexity: O(1), no allocation
  @inlinable
  @_lifetime(self: copy self, copy bytes)
  public mutating func append(_ bytes: consuming MutableRawSpan) throws(MDLError) {
    let segment = unsafe bytes.withUnsafeMutableBytes {
      unsafe MDLSegment(base: $0.baseAddress, byteCount: $0.count)
    }
    guard usedCount < capacity else { throw .tooManySegments }
    let (newSum, overflow) = sum.addingReportingOverflow(segment.byteCount)
    guard !overflow else { throw .outOfBounds }
    table[usedCount] = segment
    usedCount &+= 1
    sum = newSum
  }

  /// The number of appended segments, including empty ones.
  @inlinable
  public var segmentCount: Int { usedCount }

  /// The sum of all segments' bytes.
  @inlinable
  public var byteCount: Int { sum }

  /// The segments appended so far, to read.
  @inlinable
  public var chain: MDLChain {
    @_lifetime(borrow self) get {
      MDLChain(table.span.extracting(first: usedCount), byteCount: sum)
    }
  }

  /// The segments appended so far, to write; exclusive while it lives.
  @inlinable
  public var mutableChain: MutableMDLChain {
    @_lifetime(&self) mutating get {
      let (usedCount, sum) = (usedCount, sum)
      return MutableMDLChain(MDLChain(table.span.extracting(first: usedCount), byteCount: sum))
    }
  }
}
