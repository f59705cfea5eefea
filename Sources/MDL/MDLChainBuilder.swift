/// A table of borrowed segments, filled one by one; its `chain` reads them as one sequence of
/// bytes.
///
/// The table is stored in the builder: building, using and dropping it allocates nothing. The
/// compiler keeps every appended span alive as long as the builder, and the builder unchanged as
/// long as a chain of it is in scope (close that scope with `do { }` before appending again). A
/// copy copies the table, so pass builders as `borrowing` or `inout`.
///
///     builder  [base, 14][base, 0][base, 46]      capacity 4, three used
///     chain     ethernet    empty   payload       60 bytes
///
/// - Windows: IoAllocateMdl, MmBuildMdlForNonPagedPool
public struct MDLChainBuilder<let capacity: Int>: ~Escapable {
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

  /// Appends a segment; an empty one is kept and counted.
  ///
  /// - Throws: `.tooManySegments` if the table is full, `.outOfBounds` if the sum of all lengths
  ///   would overflow; the builder is unchanged then.
  /// - Complexity: O(1), no allocation
  @inlinable
  @_lifetime(self: copy self, copy bytes)
  public mutating func append(_ bytes: RawSpan) throws(MDLError) {
    guard usedCount < capacity else { throw .tooManySegments }
    let (newSum, overflow) = sum.addingReportingOverflow(bytes.byteCount)
    guard !overflow else { throw .outOfBounds }
    table[usedCount] = MDLSegment(bytes)
    usedCount &+= 1
    sum = newSum
  }

  /// The number of appended segments, including empty ones.
  @inlinable
  public var segmentCount: Int { usedCount }

  /// The sum of all segments' bytes.
  @inlinable
  public var byteCount: Int { sum }

  /// The segments appended so far, as one sequence of bytes.
  @inlinable
  public var chain: MDLChain {
    @_lifetime(borrow self) get {
      MDLChain(table.span.extracting(first: usedCount), byteCount: sum)
    }
  }
}
