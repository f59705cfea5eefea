/// The inline table that both builders fill: rows, how many are used, and their sum of bytes.
struct MDLSegmentTable<let capacity: Int>: BitwiseCopyable {
  private var rows: InlineArray<capacity, MDLSegment>
  private(set) var segmentCount: Int
  private(set) var byteCount: Int

  init() {
    rows = InlineArray(repeating: MDLSegment())
    segmentCount = 0
    byteCount = 0
  }

  mutating func append(_ segment: MDLSegment) throws(MDLError) {
    guard segmentCount < capacity else { throw .tooManySegments }
    let (sum, overflow) = byteCount.addingReportingOverflow(segment.byteCount)
    guard !overflow else { throw .outOfBounds }
    rows[segmentCount] = segment
    segmentCount &+= 1
    byteCount = sum
  }

  var used: Span<MDLSegment> {
    @_lifetime(borrow self) get { rows.span.extracting(first: segmentCount) }
  }
}
