internal import CMDLPeer
internal import MDL

/// A chain's shape: how many segments of how many bytes, 192 bytes apart so that nothing merges.
struct Shape {
  let segmentCount: Int
  let segmentByteCount: Int

  static let all: [Shape] = [1, 2, 8, 64].flatMap { count in
    [1, 16, 64, 256, 1500, 4096, 16_384, 65_536].map {
      Shape(segmentCount: count, segmentByteCount: $0)
    }
  }

  var byteCount: Int { segmentCount * segmentByteCount }
  var lengths: [Int] { [Int](repeating: segmentByteCount, count: segmentCount) }

  /// The other side of a pairwise walk: cut half a segment off, so that every piece is cut.
  var shiftedLengths: [Int] {
    guard segmentCount > 1, segmentByteCount > 1 else { return lengths }
    let half = segmentByteCount / 2
    return [half] + lengths.dropLast() + [segmentByteCount - half]
  }

  var pieceCount: Int { shiftedLengths.count == segmentCount ? segmentCount : 2 * segmentCount }
}

/// Memory cut into segments, seen by the C peers as an array that is also a linked list.
struct Segments: ~Copyable {
  static let gap = 192
  let lengths: [Int]
  var buffer: MDLBuffer
  let table: UnsafeMutablePointer<peer_buffer>

  init(_ lengths: [Int]) {
    self.lengths = lengths
    buffer = MDLBuffer(byteCount: lengths.reduce(0) { $0 + $1 + Self.gap })
    table = .allocate(capacity: lengths.count)
    var base = buffer.withMutableBytes { bytes in
      bytes.withUnsafeMutableBytes { $0.baseAddress?.assumingMemoryBound(to: UInt8.self) }
    }
    for (index, length) in lengths.enumerated() {
      let next = index + 1 < lengths.count ? table + index + 1 : nil
      (table + index).initialize(to: peer_buffer(next: next, byte_count: length, base: base))
      base = base.map { $0 + length + Self.gap }
    }
  }

  deinit { table.deallocate() }

  /// Hands the chain over the segments to `body`.
  mutating func withChain<Result>(
    _ body: (inout MutableMDLChain, UnsafeMutablePointer<peer_buffer>) throws -> Result
  ) throws -> Result {
    let (lengths, table) = (lengths, table)
    var rest = buffer.mutableBytes
    var builder = MutableMDLChainBuilder<72>()
    for length in lengths {
      try builder.append(rest.splitFirst(length))
      _ = try rest.splitFirst(Self.gap)
    }
    var chain = builder.mutableChain
    return try body(&chain, table)
  }
}
