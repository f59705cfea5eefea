/// A table of borrowed segments, filled piece by piece; its `chain` reads them as one run of bytes.
///
/// The table lies inside the builder: building, using and dropping it allocates nothing. The
/// compiler keeps every appended span alive as long as the builder, and the builder unchanged as
/// long as a chain of it is in scope (close that scope with `do { }` before appending again).
/// A copy copies the table, so hand builders on as `borrowing` or `inout`.
///
///     builder  [base, 14][base, 0][base, 46]      capacity 4, three used
///     chain     ethernet    empty   payload       60 bytes
///
/// - Windows: IoAllocateMdl, MmBuildMdlForNonPagedPool
public struct MDLChainBuilder<let capacity: Int>: ~Escapable {
  private var table: MDLSegmentTable<capacity>

  /// Makes an empty builder.
  @_lifetime(immortal)
  public init() { table = MDLSegmentTable() }

  /// Adds a segment behind the ones already there; an empty one is kept and counted.
  ///
  /// - Throws: `.tooManySegments` when the table is full, `.outOfBounds` when the sum of all
  ///   lengths would overflow; the builder is unchanged then.
  /// - Complexity: O(1), no allocation
  @_lifetime(self: copy self, copy bytes)
  public mutating func append(_ bytes: RawSpan) throws(MDLError) {
    try table.append(MDLSegment(bytes))
  }

  /// How many segments were appended, the empty ones included.
  public var segmentCount: Int { table.segmentCount }

  /// The sum of all segments' bytes.
  public var byteCount: Int { table.byteCount }

  /// The segments appended so far, as one run of bytes.
  public var chain: MDLChain {
    @_lifetime(borrow self) get { MDLChain(table.used, byteCount: table.byteCount) }
  }
}
