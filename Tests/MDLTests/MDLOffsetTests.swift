import MDL
import Testing

/// One of N4's observed cases: lengths, a position in them, and its normal form.
struct NormalForm: Sendable {
  let lengths: [Int]
  let position: Int
  let normal: MDLOffset
}

@Suite("MDLOffset")
struct MDLOffsetTests {
  @Test("mdl T6: a relative offset addresses the same byte as the absolute position")
  func relative() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let model = ChainModel(using: &generator)
      guard !model.segments.isEmpty else { continue }
      let index = generator.int(0...(model.segments.count - 1))
      let before = model.segments[..<index].reduce(0) { $0 + $1.count }
      let behind = generator.int(0...(model.byteCount - before))
      try model.withChain { chain in
        let relative = MDLOffset(segmentIndex: index, byteOffset: behind)
        let fromRelative = try array(chain.span(at: relative))
        #expect(fromRelative == Array(model.bytes[(before + behind)...]), "case \(number)")
        let normal = try chain.normalized(relative)
        let fromPosition = try chain.offset(atByte: before + behind)
        #expect(normal == fromPosition, "case \(number)")
      }
    }
  }

  @Test("mdl T7: the normal form is inside a non-empty segment and at the same byte")
  func normalForm() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let model = ChainModel(using: &generator)
      let position = generator.int(0...model.byteCount)
      try model.withChain { chain in
        let normal = try chain.offset(atByte: position)
        guard position < model.byteCount else {
          let isEnd = normal == chain.endOffset
          #expect(isEnd, "case \(number)")
          return
        }
        let before = model.segments[..<normal.segmentIndex].reduce(0) { $0 + $1.count }
        #expect(normal.byteOffset < model.segments[normal.segmentIndex].count, "case \(number)")
        #expect(before + normal.byteOffset == position, "case \(number)")
        let again = try chain.normalized(normal)
        #expect(again == normal, "case \(number)")
      }
    }
  }

  @Test(
    "mdl T7: empty segments are skipped as in the reference",
    arguments: [
      NormalForm(lengths: [0, 0, 4], position: 0, normal: MDLOffset(segmentIndex: 2)),
      NormalForm(lengths: [4, 0, 3], position: 4, normal: MDLOffset(segmentIndex: 2)),
      NormalForm(lengths: [4, 0, 0], position: 4, normal: MDLOffset(segmentIndex: 3)),
      NormalForm(lengths: [0], position: 0, normal: MDLOffset(segmentIndex: 1)),
      NormalForm(lengths: [], position: 0, normal: MDLOffset()),
    ])
  func observedForms(form: NormalForm) throws {
    let model = ChainModel(
      [UInt8](repeating: 7, count: form.lengths.reduce(0, +)), cuts: form.lengths)
    try model.withChain { chain in
      let normal = try chain.offset(atByte: form.position)
      #expect(normal == form.normal)
    }
  }

  @Test("mdl T8: the end offset is legal everywhere", arguments: [[4, 3], [0, 4, 0], [0], []])
  func end(lengths: [Int]) throws {
    let model = ChainModel([UInt8](repeating: 7, count: lengths.reduce(0, +)), cuts: lengths)
    try model.withChain { chain in
      let end = chain.endOffset
      let normal = try chain.normalized(end)
      let advanced = try chain.offset(end, advancedBy: 0)
      #expect(normal == end)
      #expect(advanced == end)
      var span = try chain.span(at: end)
      let front = try span.splitFirst(0)
      let (frontIsEmpty, restIsEmpty) = (front.isEmpty, span.isEmpty)
      #expect(frontIsEmpty)
      #expect(restIsEmpty)
      _ = try filled(0) { try span.copyBytes(to: &$0) }
    }
  }

  @Test("mdl T9: the byte count is the end, anything above it is out of bounds")
  func beyond() throws {
    try ChainModel(Array(1...7), cuts: [4, 0, 3, 0]).withChain { chain in
      let atEnd = try chain.offset(atByte: 7) == chain.endOffset
      #expect(atEnd)
      for position in [8, 1000, Int.max, -1, .min] {
        #expect(throws: MDLError.outOfBounds) { _ = try chain.offset(atByte: position) }
      }
    }
  }

  @Test("mdl T10: an offset that the chain cannot have is refused")
  func invalid() throws {
    try ChainModel(Array(1...7), cuts: [4, 3]).withChain { chain in
      for offset in [
        MDLOffset(segmentIndex: -1), MDLOffset(segmentIndex: 3), MDLOffset(segmentIndex: .max),
        MDLOffset(byteOffset: -1), MDLOffset(byteOffset: .min),
      ] {
        #expect(throws: MDLError.invalidOffset) { _ = try chain.normalized(offset) }
        #expect(throws: MDLError.invalidOffset) { _ = try chain.offset(offset, advancedBy: 0) }
        #expect(throws: MDLError.invalidOffset) {
          let span = try chain.span(at: offset)
          _ = span.byteCount
        }
      }
    }
  }

  @Test("mdl T10: advancing does not wrap around, and does not go back")
  func wrapping() throws {
    try ChainModel(Array(1...7), cuts: [4, 3]).withChain { chain in
      let one = MDLOffset(byteOffset: 1)
      #expect(throws: MDLError.outOfBounds) { _ = try chain.offset(one, advancedBy: .max) }
      #expect(throws: MDLError.outOfBounds) { _ = try chain.offset(one, advancedBy: -1) }
      #expect(throws: MDLError.outOfBounds) {
        _ = try chain.offset(MDLOffset(byteOffset: .max), advancedBy: .max)
      }
      #expect(throws: MDLError.outOfBounds) {
        _ = try chain.normalized(MDLOffset(segmentIndex: 2, byteOffset: 1))
      }
      let start = try chain.offset(chain.startOffset, advancedBy: 5)
      #expect(start == MDLOffset(segmentIndex: 1, byteOffset: 1))
    }
  }
}
