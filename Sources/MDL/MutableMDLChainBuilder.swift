/// A table of writable segments, each held exclusively.
///
/// Appending consumes the region, so no byte can be in two places; `MutableRawSpan.splitFirst(_:)`
/// cuts one region into disjoint parts.
public struct MutableMDLChainBuilder<let capacity: Int>: ~Copyable, ~Escapable {
  private var table: MDLSegmentTable<capacity>

  /// Makes an empty builder.
  @_lifetime(immortal)
  public init() { table = MDLSegmentTable() }

  /// Adds a region behind the ones already there; an empty one is kept and counted.
  ///
  /// - Throws: `.tooManySegments` when the table is full, `.outOfBounds` when the sum of all
  ///   lengths would overflow; the builder is unchanged then.
  /// - Complexity: O(1), no allocation
  @_lifetime(self: copy self, copy bytes)
  public mutating func append(_ bytes: consuming MutableRawSpan) throws(MDLError) {
    let segment = unsafe bytes.withUnsafeMutableBytes {
      unsafe MDLSegment(base: $0.baseAddress, byteCount: $0.count)
    }
    try table.append(segment)
  }

  /// How many segments were appended, the empty ones included.
  public var segmentCount: Int { table.segmentCount }

  /// The sum of all segments' bytes.
  public var byteCount: Int { table.byteCount }

  /// The segments appended so far, to read.
  public var chain: MDLChain {
    @_lifetime(borrow self) get { MDLChain(table.used, byteCount: table.byteCount) }
  }

  /// The segments appended so far, to write; exclusive while it lives.
  public var mutableChain: MutableMDLChain {
    @_lifetime(&self) mutating get {
      let byteCount = table.byteCount
      return MutableMDLChain(MDLChain(table.used, byteCount: byteCount))
    }
  }
}
