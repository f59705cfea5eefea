import Testing

@testable import MDL

/// One of the ways to write a range; each has the same effect in the model.
enum Write: CaseIterable {
  case zero, zeroNonTemporal, zeroSecure, fill, fillNonTemporal, copyFlat, copyFlatNonTemporal
  case copySpan, copySpanNonTemporal, regions
}

@Suite("MutableMDLSpan")
struct MutableMDLSpanTests {
  /// Writes a random range in one way and compares chain, surroundings and guards with the model.
  private func check(_ write: Write, case number: UInt64) throws {
    var generator = CaseGenerator(number)
    var real = ChainModel(using: &generator)
    let range = generator.range(of: real.byteCount)
    let source = generator.bytes(range.count)
    let sourceModel = ChainModel(source, cuts: generator.cuts(source.count))
    let byte = generator.byte()
    var want = real.bytes
    switch write {
    case .zero, .zeroNonTemporal, .zeroSecure: for index in range { want[index] = 0 }
    case .fill, .fillNonTemporal, .regions: for index in range { want[index] = byte }
    default: want.replaceSubrange(range, with: source)
    }
    try real.withMutableChain { chain in
      var span = try chain.span(from: range.lowerBound, byteCount: range.count)
      switch write {
      case .zero: span.zeroBytes()
      case .zeroNonTemporal: span.zeroBytes(.nonTemporal)
      case .zeroSecure: span.zeroBytes(.secure)
      case .fill: span.fillBytes(with: byte)
      case .fillNonTemporal: span.fillBytes(with: byte, .nonTemporal)
      case .copyFlat: try span.copyBytes(from: source.span.bytes)
      case .copyFlatNonTemporal: try span.copyBytes(from: source.span.bytes, .nonTemporal)
      case .copySpan: try sourceModel.withChain { try span.copyBytes(from: $0.span) }
      case .copySpanNonTemporal:
        try sourceModel.withChain { try span.copyBytes(from: $0.span, .nonTemporal) }
      case .regions:
        span.forEachMutableRegion { region in region.withUnsafeMutableBytes { $0.update(byte) } }
      }
    }
    #expect(real.bytes == want, "case \(number)")
    #expect(real.guardsAreIntact, "case \(number)")
  }

  @Test(
    "mdl T20: zeroing writes exactly the range",
    arguments: [Write.zero, .zeroNonTemporal, .zeroSecure])
  func zero(write: Write) throws {
    for number in propertyCases { try check(write, case: number) }
  }

  @Test(
    "mdl T21: filling writes exactly the range",
    arguments: [Write.fill, .fillNonTemporal, .regions])
  func fill(write: Write) throws {
    for number in propertyCases { try check(write, case: number) }
  }

  @Test(
    "mdl T25: copying writes exactly the range, however both sides are cut",
    arguments: [Write.copyFlat, .copyFlatNonTemporal, .copySpan, .copySpanNonTemporal])
  func copy(write: Write) throws {
    for number in propertyCases { try check(write, case: number) }
  }

  @Test("mdl T25: a copy of another length is refused and writes nothing", arguments: [0, 3, 5, 9])
  func lengthMismatch(count: Int) throws {
    let source = [UInt8](repeating: 1, count: count)
    var real = ChainModel([9, 9, 9, 9], cuts: [1, 3])
    try real.withMutableChain { chain in
      var refusals: [MDLError] = []
      var span = try chain.span()
      do throws(MDLError) { try span.copyBytes(from: source.span.bytes) } catch {
        refusals.append(error)
      }
      do throws(MDLError) { try span.copyBytes(from: MDLSpan(source.span.bytes)) } catch {
        refusals.append(error)
      }
      #expect(refusals == [.lengthMismatch, .lengthMismatch])
    }
    #expect(real.bytes == [9, 9, 9, 9])
  }

  @Test(
    "mdl T30: non-temporal forms give the same bytes for every length and alignment",
    arguments: [0, 1, 63, 64, 65, 255, 256, 257, 300, 1000, 4096, 10000], [0, 1, 17, 63])
  func nonTemporal(byteCount: Int, shift: Int) throws {
    var generator = CaseGenerator(UInt64(byteCount))
    let source = generator.bytes(byteCount)
    var real = ChainModel(
      [UInt8](repeating: 1, count: shift + byteCount),
      cuts: [shift, byteCount / 3, byteCount - byteCount / 3])
    try real.withMutableChain {
      try $0.copyBytes(MDLSpan(source.span.bytes), to: shift, .nonTemporal)
    }
    #expect(real.bytes == [UInt8](repeating: 1, count: shift) + source)
    try real.withMutableChain { try $0.fillBytes(with: 7, from: shift, .nonTemporal) }
    #expect(
      real.bytes == [UInt8](repeating: 1, count: shift) + [UInt8](repeating: 7, count: byteCount))
    #expect(real.guardsAreIntact)
  }

  @Test("mdl T26: a pairwise walk cuts at the union of both sides' boundaries")
  func pieces() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let model = ChainModel(using: &generator)
      let other = model.recut(using: &generator)
      let boundaries = Set(Self.boundaries(model) + Self.boundaries(other)).subtracting([0])
      try model.withChain { mine in
        try other.withChain { theirs in
          var ends: [Int] = []
          _ = mine.span.pairwise(theirs.span) { (_, _, count) in
            ends.append((ends.last ?? 0) + count)
            return true
          }
          let most = mine.span.regionCount + theirs.span.regionCount - 1
          #expect(ends == boundaries.sorted(), "case \(number)")
          #expect(ends.isEmpty || ends.count <= most, "case \(number)")
        }
      }
    }
  }

  private static func boundaries(_ model: ChainModel) -> [Int] {
    model.segments.reduce(into: []) { $0.append(($0.last ?? 0) + $1.count) }
  }

  @Test("mdl T27: aliasing segments, which only unsafe code can build, corrupt nothing else")
  func aliasing() throws {
    var memory = [UInt8](0..<64)
    try memory.withUnsafeMutableBytes { raw in
      var destination = MutableMDLChainBuilder<2>()
      try destination.append(MutableRawSpan(_unsafeBytes: .init(rebasing: raw[16..<32])))
      try destination.append(MutableRawSpan(_unsafeBytes: .init(rebasing: raw[24..<40])))
      var source = MDLChainBuilder<1>()
      try source.append(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: raw[20..<52])))
      var chain = destination.mutableChain
      try chain.copyBytes(source.chain.span, to: 0)
    }
    #expect(Array(memory[..<16]) == Array(0..<16))
    #expect(Array(memory[40...]) == Array(40..<64))
  }

  @Test("mdl T27: a piece copied onto itself shifted moves as by memmove")
  func overlap() throws {
    var memory = [UInt8](0..<32)
    memory.withUnsafeMutableBytes { raw in
      var destination = MutableMDLSpan(
        MutableRawSpan(_unsafeBytes: UnsafeMutableRawBufferPointer(rebasing: raw[4..<20])))
      let source = MDLSpan(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: raw[0..<16])))
      try? destination.copyBytes(from: source)
    }
    #expect(memory == [0, 1, 2, 3] + Array(0..<16) + Array(20..<32))
  }

  @Test("mdl T17: writable parts split off one after another cover the span")
  func splitting() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      var real = ChainModel(using: &generator)
      var want: [UInt8] = []
      try real.withMutableChain { chain in
        var rest = try chain.span()
        while rest.byteCount > 0 {
          var piece = try rest.splitFirst(generator.int(0...min(20, rest.byteCount)))
          let byte = generator.byte()
          want += [UInt8](repeating: byte, count: piece.byteCount)
          piece.fillBytes(with: byte)
        }
      }
      #expect(real.bytes == want, "case \(number)")
      #expect(real.guardsAreIntact, "case \(number)")
    }
  }
}
