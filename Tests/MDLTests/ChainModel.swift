import Glibc
import MDL
import Testing

/// How many random cases a property test runs; the nightly job asks for 100,000.
let propertyCases: Range<UInt64> = {
  let asked = getenv("NDISPROT_PROPERTY_CASES").flatMap { UInt64(String(cString: $0)) }
  return 0..<(asked ?? 2_000)
}()

/// A generator whose whole state is the number of the case, so that a failure can be run again.
struct CaseGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(_ number: UInt64) { state = number &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
  mutating func byte() -> UInt8 { UInt8.random(in: 0...255, using: &self) }
  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in byte() } }

  /// A range of 0..<count, often empty and often reaching the end.
  mutating func range(of count: Int) -> Range<Int> {
    let start = int(0...count)
    return start..<(start + (int(0...3) == 0 ? count - start : int(0...(count - start))))
  }

  /// Lengths with the given sum: up to 16, empties first, in the middle and last.
  mutating func cuts(_ byteCount: Int) -> [Int] {
    var lengths: [Int] = []
    var left = byteCount
    for _ in 0..<int(0...14) {
      let length = int(0...2) == 0 ? 0 : int(0...left)
      lengths.append(length)
      left -= length
    }
    if left > 0 || int(0...1) == 0 { lengths.append(left) }
    return lengths
  }
}

/// The naive model: an array of bytes and how it is cut.
///
/// In memory the segments stand apart, with guard bytes before, between and behind them.
struct ChainModel {
  private(set) var memory: [UInt8]
  let segments: [Range<Int>]
  static let guardByte: UInt8 = 0xCC

  init(_ bytes: [UInt8], cuts: [Int]) {
    precondition(cuts.reduce(0, +) == bytes.count)
    memory = [Self.guardByte]
    var segments: [Range<Int>] = []
    var position = 0
    for (index, length) in cuts.enumerated() {
      segments.append(memory.count..<memory.count + length)
      memory += bytes[position..<position + length]
      memory += [UInt8](repeating: Self.guardByte, count: 1 + index % 5)
      position += length
    }
    self.segments = segments
  }

  /// A chain of random bytes, cut at random.
  init(using generator: inout CaseGenerator, upTo byteCount: Int = 200) {
    let bytes = generator.bytes(generator.int(0...byteCount))
    self.init(bytes, cuts: generator.cuts(bytes.count))
  }

  /// The same bytes, cut anew.
  func recut(using generator: inout CaseGenerator) -> ChainModel {
    ChainModel(bytes, cuts: generator.cuts(bytes.count))
  }

  var bytes: [UInt8] { segments.flatMap { memory[$0] } }
  var byteCount: Int { segments.reduce(0) { $0 + $1.count } }

  /// Whether every byte outside the segments is as it was made.
  var guardsAreIntact: Bool {
    var outside = memory
    for segment in segments {
      for index in segment { outside[index] = Self.guardByte }
    }
    return outside.allSatisfy { $0 == Self.guardByte }
  }

  func withChain(_ body: (MDLChain) throws -> Void) throws {
    let bytes = memory.span.bytes
    var builder = MDLChainBuilder<16>()
    for segment in segments { try builder.append(bytes.extracting(segment)) }
    try body(builder.chain)
  }

  mutating func withMutableChain(_ body: (inout MutableMDLChain) throws -> Void) throws {
    let segments = segments
    var elements = memory.mutableSpan
    var rest = elements.mutableBytes
    var position = 0
    var builder = MutableMDLChainBuilder<16>()
    for segment in segments {
      _ = try rest.splitFirst(segment.lowerBound - position)
      try builder.append(rest.splitFirst(segment.count))
      position = segment.upperBound
    }
    var chain = builder.mutableChain
    try body(&chain)
  }
}

/// The bytes of a view as an array.
func array(_ bytes: RawSpan) -> [UInt8] {
  (0..<bytes.byteCount).map { bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
}

func array(_ span: MDLSpan) -> [UInt8] {
  var result: [UInt8] = []
  span.forEachRegion { result += array($0) }
  return result
}

extension UnsafeMutableRawBufferPointer {
  func update(_ byte: UInt8) { _ = initializeMemory(as: UInt8.self, repeating: byte) }
}

/// Hands a zeroed region to `body` and gives back what it became.
func filled(
  _ count: Int, repeating byte: UInt8 = 0, _ body: (inout MutableRawSpan) throws -> Void
) rethrows -> [UInt8] {
  var bytes = [UInt8](repeating: byte, count: count)
  do {
    var elements = bytes.mutableSpan
    var region = elements.mutableBytes
    try body(&region)
  }
  return bytes
}
