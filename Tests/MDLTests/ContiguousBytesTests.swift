import MDL
import Testing

@Suite("Contiguous views of a span")
struct ContiguousBytesTests {
  @Test("mdl T33: bytes are in place exactly when one segment holds them all")
  func inPlace() throws {
    try ChainModel([1, 2, 3, 4, 5, 6], cuts: [2, 0, 3, 1]).withChain { chain in
      for (range, want) in [
        (0..<2, [1, 2]), (2..<5, [3, 4, 5]), (3..<5, [4, 5]), (5..<6, [6]), (6..<6, []),
        (1..<1, []),
      ] as [(Range<Int>, [UInt8])] {
        var content: [UInt8]?
        if let bytes = try chain.span.extracting(range).contiguousBytes { content = array(bytes) }
        #expect(content == want)
      }
      for range in [0..<3, 1..<3, 4..<6, 0..<6] {
        let isNil = try chain.span.extracting(range).contiguousBytes == nil
        #expect(isNil)
      }
    }
  }

  @Test("mdl T33: the closure form runs exactly when one segment holds all bytes")
  func closure() throws {
    try ChainModel([1, 2, 3], cuts: [2, 1]).withChain { chain in
      let sum = try chain.span(from: 0, byteCount: 2).withContiguousBytes { array($0).reduce(0, +) }
      let none = chain.span.withContiguousBytes { $0.byteCount }
      #expect(sum == 3)
      #expect(none == nil)
    }
  }

  @Test("mdl T34: a view is in place when contiguous, and else a copy in the scratch")
  func scratch() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let model = ChainModel(using: &generator, upTo: 60)
      let range = generator.range(of: model.byteCount)
      let room = max(0, range.count + generator.int(-1...3))
      try model.withChain { chain in
        let span = try chain.span(from: range.lowerBound, byteCount: range.count)
        let isContiguous = span.contiguousBytes != nil
        var content: [UInt8]?
        var refusal: MDLError?
        let scratch = filled(room, repeating: 0xEE) { region in
          do throws(MDLError) { content = try array(span.bytes(orCopiedTo: &region)) } catch {
            refusal = error
          }
        }
        if isContiguous || room >= range.count {
          #expect(content == Array(model.bytes[range]), "case \(number)")
        } else {
          #expect(refusal == .destinationTooSmall, "case \(number)")
        }
        if isContiguous || refusal != nil {
          #expect(scratch.allSatisfy { $0 == 0xEE }, "case \(number)")
        }
      }
    }
  }

  @Test("mdl T34: a view in place is at the segment's own address")
  func address() throws {
    let bytes: [UInt8] = [1, 2, 3, 4]
    let whole = bytes.span.bytes
    _ = try filled(4) { region in
      let view = try MDLSpan(whole).extracting(droppingFirst: 1).bytes(orCopiedTo: &region)
      let distance = whole.withUnsafeBytes { owner in
        view.withUnsafeBytes { $0.baseAddress.map { $0 - (owner.baseAddress ?? $0) } }
      }
      #expect(distance == 1)
    }
  }
}
