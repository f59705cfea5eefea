internal import CMDLPeer
internal import MDL

enum Operation: String, CaseIterable {
  case read, write, copy, equal, zero, fill

  /// Whether it walks two chains at once.
  var isPairwise: Bool { self == .copy || self == .equal }
}

/// One operation over one shape.
struct Cell {
  let shape: Shape
  let operation: Operation
  private(set) var times: Times

  /// All operations over all shapes, in passes over the whole list: what disturbed a cell in one
  /// pass has gone by the next.
  static func measureAll() throws -> [Cell] {
    var cells = try Shape.all.flatMap(measure)
    for _ in 1..<Options.passCount {
      for (index, again) in try Shape.all.flatMap(measure).enumerated() {
        cells[index].times = cells[index].times.best(with: again.times)
      }
    }
    return cells
  }

  /// All operations over one shape, each over the same memory for all contenders.
  private static func measure(_ shape: Shape) throws -> [Cell] {
    var first = Segments(shape.lengths)
    var second = Segments(shape.shiftedLengths)
    var flat = MDLBuffer(byteCount: shape.byteCount)
    return try first.withChain { chain, table in
      try second.withChain { other, otherTable in
        let peers = Peers(shape: shape, table: table, otherTable: otherTable, flat: flat)
        return Operation.allCases.map { operation in
          peers.fillAll(with: 7)
          let times = peers.race(operation, &chain, other.chain, &flat)
          return Cell(shape: shape, operation: operation, times: times)
        }
      }
    }
  }
}

/// What the C side sees of the memory of a cell.
struct Peers {
  let byteCount: Int
  let segmentCount: Int
  let table: UnsafeMutablePointer<peer_buffer>
  let otherTable: UnsafeMutablePointer<peer_buffer>
  let flat: UnsafeMutableRawPointer
  /// The memory of each chain as one run: where the flat calls work, so that all touch the same.
  let run: UnsafeMutableRawPointer
  let otherRun: UnsafeMutableRawPointer

  init(
    shape: Shape, table: UnsafeMutablePointer<peer_buffer>,
    otherTable: UnsafeMutablePointer<peer_buffer>, flat: borrowing MDLBuffer
  ) {
    byteCount = shape.byteCount
    segmentCount = shape.segmentCount
    self.table = table
    self.otherTable = otherTable
    run = Self.start(table)
    otherRun = Self.start(otherTable)
    self.flat = flat.withBytes(Self.address)
  }

  private static func address(_ bytes: RawSpan) -> UnsafeMutableRawPointer {
    bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("a cell has bytes") }
      return UnsafeMutableRawPointer(mutating: base)
    }
  }

  private static func start(_ table: UnsafeMutablePointer<peer_buffer>) -> UnsafeMutableRawPointer {
    guard let base = table.pointee.base else { preconditionFailure("a segment has bytes") }
    return UnsafeMutableRawPointer(base)
  }

  /// Gives all memory the same content, the gaps between segments that a flat call covers too.
  func fillAll(with byte: CInt) {
    for start in [flat, run, otherRun] { peer_memset(start, byte, byteCount) }
    peer_walk_fill(table, 0, byte, byteCount)
    peer_walk_fill(otherTable, 0, byte, byteCount)
  }

  func race(
    _ operation: Operation, _ chain: inout MutableMDLChain, _ other: MDLChain,
    _ flat: inout MDLBuffer
  ) -> Times {
    switch operation {
    case .read: raceRead(chain.chain, &flat)
    case .write: raceWrite(&chain, flat.bytes)
    case .copy: raceCopy(&chain, other)
    case .equal: raceEqual(chain.chain, other)
    case .zero: raceZero(&chain)
    case .fill: raceFill(&chain)
    }
  }

  private func raceRead(_ chain: MDLChain, _ buffer: inout MDLBuffer) -> Times {
    var out = buffer.mutableBytes
    return mdlbench.race(
      flat: { for _ in 0..<$0 { peer_memcpy(flat, run, byteCount) } },
      perSegment: { for _ in 0..<$0 { peer_read_segments(flat, table, segmentCount) } },
      walk: { for _ in 0..<$0 { peer_walk_read(table, 0, flat, byteCount) } },
      swift: { for _ in 0..<$0 { read(chain, byteCount, into: &out) } })
  }

  private func raceWrite(_ chain: inout MutableMDLChain, _ source: RawSpan) -> Times {
    mdlbench.race(
      flat: { for _ in 0..<$0 { peer_memcpy(run, flat, byteCount) } },
      perSegment: { for _ in 0..<$0 { peer_write_segments(table, segmentCount, flat) } },
      walk: { for _ in 0..<$0 { peer_walk_write(table, 0, flat, byteCount) } },
      swift: { for _ in 0..<$0 { write(&chain, source) } })
  }

  private func raceCopy(_ chain: inout MutableMDLChain, _ other: MDLChain) -> Times {
    mdlbench.race(
      flat: { for _ in 0..<$0 { peer_memcpy(run, otherRun, byteCount) } },
      walk: { for _ in 0..<$0 { peer_walk_copy(table, otherTable, byteCount) } },
      swift: { for _ in 0..<$0 { copy(&chain, other) } })
  }

  private func raceEqual(_ chain: MDLChain, _ other: MDLChain) -> Times {
    var count = 0
    return mdlbench.race(
      flat: { for _ in 0..<$0 { count &+= Int(peer_memcmp(run, otherRun, byteCount)) } },
      walk: { for _ in 0..<$0 { count &+= Int(peer_walk_equal(table, otherTable, byteCount)) } },
      swift: {
        for _ in 0..<$0 {
          equal(chain, other, &count)
          flat.storeBytes(of: 7, as: UInt8.self)
        }
      })
  }

  private func raceZero(_ chain: inout MutableMDLChain) -> Times {
    mdlbench.race(
      flat: { for _ in 0..<$0 { peer_memset(run, 0, byteCount) } },
      perSegment: { for _ in 0..<$0 { peer_fill_segments(table, segmentCount, 0) } },
      walk: { for _ in 0..<$0 { peer_walk_fill(table, 0, 0, byteCount) } },
      swift: { for _ in 0..<$0 { zero(&chain, byteCount) } })
  }

  private func raceFill(_ chain: inout MutableMDLChain) -> Times {
    mdlbench.race(
      flat: { for _ in 0..<$0 { peer_memset(run, 7, byteCount) } },
      perSegment: { for _ in 0..<$0 { peer_fill_segments(table, segmentCount, 7) } },
      walk: { for _ in 0..<$0 { peer_walk_fill(table, 0, 7, byteCount) } },
      swift: { for _ in 0..<$0 { fill(&chain, byteCount) } })
  }
}
