internal import FuzzSupport
internal import MDL

/// F2: writes to a chain change the same bytes as in an array, or none when refused; the guard
/// bytes between segments stay.
///
/// - Shape: `[byteCount][7 lengths][7 source lengths][payload] ([operation][offset][count][byte])…`
func check(_ input: Input) {
  var input = input
  let byteCount = Int(input.byte())
  let cuts = lengths(input.bytes(7), sum: byteCount)
  let sourceCuts = lengths(input.bytes(7), sum: byteCount)
  var model = input.bytes(byteCount)
  var memory = Memory(model, cuts)
  let source = model
  for _ in 0..<16 where !input.isEmpty {
    let write = Write(
      operation: input.byte() % 7, offset: input.int(), count: input.int(), byte: input.byte())
    let isInside = write.apply(to: &model, source)
    let isAccepted = memory.apply(write, source, sourceCuts)
    require(isAccepted == isInside, "the chain and the model disagree on the bounds")
    require(memory.content == model, "the chain and the model differ")
    require(memory.guardsAreIntact, "a byte outside the segments was written")
  }
}

struct Write {
  let operation: UInt8
  let offset: Int
  let count: Int
  let byte: UInt8

  /// The source of a copy: as many leading bytes as were asked for, at most all.
  func source(of bytes: [UInt8]) -> ArraySlice<UInt8> { bytes.prefix(max(0, count)) }

  /// Does it to an array; false, and nothing, when the range is outside.
  func apply(to model: inout [UInt8], _ bytes: [UInt8]) -> Bool {
    let count = operation >= 5 ? source(of: bytes).count : count
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard offset >= 0, count >= 0, !overflow, end <= model.count else { return false }
    switch operation {
    case 0...2: for index in offset..<end { model[index] = 0 }
    case 3, 4: for index in offset..<end { model[index] = byte }
    default: model.replaceSubrange(offset..<end, with: source(of: bytes))
    }
    return true
  }
}

/// Segments that stand apart, with guard bytes around them.
struct Memory {
  private static let guardByte: UInt8 = 0xCC
  private var bytes: [UInt8] = [guardByte]
  private var segments: [Range<Int>] = []

  init(_ payload: [UInt8], _ cuts: [Int]) {
    var position = 0
    for length in cuts {
      segments.append(bytes.count..<bytes.count + length)
      bytes += payload[position..<position + length] + [Self.guardByte]
      position += length
    }
  }

  var content: [UInt8] { segments.flatMap { bytes[$0] } }

  var guardsAreIntact: Bool {
    bytes[0] == Self.guardByte && segments.allSatisfy { bytes[$0.upperBound] == Self.guardByte }
  }

  /// Does it to the chain; false when it was refused.
  mutating func apply(_ write: Write, _ source: [UInt8], _ sourceCuts: [Int]) -> Bool {
    let segments = segments
    var elements = bytes.mutableSpan
    var rest = elements.mutableBytes
    var position = 0
    do throws(MDLError) {
      var builder = MutableMDLChainBuilder<8>()
      for segment in segments {
        _ = try rest.splitFirst(segment.lowerBound - position)
        try builder.append(rest.splitFirst(segment.count))
        position = segment.upperBound
      }
      var chain = builder.mutableChain
      switch write.operation {
      case 0: try chain.zeroBytes(from: write.offset, byteCount: write.count)
      case 1: try chain.zeroBytes(from: write.offset, byteCount: write.count, .nonTemporal)
      case 2: try chain.zeroBytes(from: write.offset, byteCount: write.count, .secure)
      case 3: try chain.fillBytes(with: write.byte, from: write.offset, byteCount: write.count)
      case 4:
        var span = try chain.span(from: write.offset, byteCount: write.count)
        let front = span.byteCount / 2
        var first = try span.splitFirst(front)
        first.fillBytes(with: write.byte)
        span.fillBytes(with: write.byte)
      case 5:
        let flat = Array(write.source(of: source))
        try chain.copyBytes(MDLSpan(flat.span.bytes), to: write.offset)
      default: try Self.copy(write, source, sourceCuts, to: &chain)
      }
      return true
    } catch {
      require(error == .outOfBounds, "refused for another reason than its bounds")
      return false
    }
  }

  /// Copies from a chain that is cut differently.
  private static func copy(
    _ write: Write, _ source: [UInt8], _ cuts: [Int], to chain: inout MutableMDLChain
  ) throws(MDLError) {
    var builder = MDLChainBuilder<8>()
    var position = 0
    for length in cuts {
      try builder.append(source.span.bytes.extracting(position..<position + length))
      position += length
    }
    let span = try builder.chain.span.extracting(first: write.source(of: source).count)
    try chain.copyBytes(span, to: write.offset)
  }
}
