internal import MDL

/// One of the limits of section 6 of the specification, and the cells that break it.
struct Limit {
  let id: String
  let text: String
  var worst = -Double.infinity
  var worstCell = ""
  var broken: [String] = []
  var cellCount = 0
  var holds: Bool { broken.isEmpty }

  init(_ id: String, _ text: String) {
    self.id = id
    self.text = text
  }

  /// Takes a cell into account: `value` must not exceed `limit`.
  mutating func check(_ value: Double, atMost limit: Double, _ cell: String) {
    cellCount += 1
    let ratio = value / limit
    if ratio > worst { (worst, worstCell) = (ratio, cell) }
    if ratio > 1 { broken.append("\(cell): \(tenths(value)) > \(tenths(limit)) ns") }
  }

  static func all(_ cells: [Cell]) -> [Limit] {
    var copies = Limit("P1", "read, write: memcpy a segment + 1 ns a segment + 3 ns")
    var stores = Limit("P2", "zero, fill: memset a segment + 1 ns a segment + 3 ns")
    var pieces = Limit("P3", "pairwise, pieces of at most 64 bytes: 6 ns a piece")
    var walks = Limit("P4", "all: 1.15 x + 3 ns of the C walk")
    var large = Limit(
      "P5", "segments of 16 KiB and more: 3 % above one flat call, or the C walk if that is slower")
    var words = Limit("P9", "a span is four words; a one-segment copy of 64 bytes takes 9 ns")
    words.check(Double(MemoryLayout<MDLSpan>.size), atMost: 32, "size")
    for cell in cells {
      let (shape, times) = (cell.shape, cell.times)
      let name = "\(shape.segmentCount) x \(shape.segmentByteCount) \(cell.operation.rawValue)"
      walks.check(times.swift, atMost: 1.15 * times.walk + 3, name)
      if let perSegment = times.perSegment {
        // One per cent for the clock: a turn of large segments is not known better than that.
        let limit = 1.01 * perSegment + Double(shape.segmentCount) + 3
        if cell.operation == .read || cell.operation == .write {
          copies.check(times.swift, atMost: limit, name)
        } else {
          stores.check(times.swift, atMost: limit, name)
        }
      }
      // The fixed cost of a call belongs to no piece; with 16 pieces it has vanished.
      if cell.operation.isPairwise, shape.segmentByteCount <= 64, shape.pieceCount >= 16 {
        pieces.check(times.swift, atMost: 6 * Double(shape.pieceCount), name)
      }
      if shape.segmentByteCount >= 16_384 {
        // Where the C walk itself is slower than the flat call, caches and prefetchers made the
        // difference, not the library.
        large.check(times.swift, atMost: 1.03 * max(times.flat, times.walk), name)
      }
      if cell.operation == .copy, shape.segmentCount == 1, shape.segmentByteCount == 64 {
        words.check(times.swift, atMost: 9, name)
      }
    }
    return [copies, stores, pieces, walks, large, words]
  }
}
