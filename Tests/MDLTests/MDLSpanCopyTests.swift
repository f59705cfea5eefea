import MDL
import Testing

@Suite("MDLSpan copies and comparisons")
struct MDLSpanCopyTests {
  @Test("mdl T22: copying to a larger region leaves the bytes behind it, to a smaller one all")
  func copyBytes() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let model = ChainModel(using: &generator)
      let range = generator.range(of: model.byteCount)
      let room = max(0, range.count + generator.int(-3...3))
      try model.withChain { chain in
        var refusal: MDLError?
        let out = filled(room, repeating: 0xEE) { region in
          do throws(MDLError) {
            try chain.copyBytes(from: range.lowerBound, byteCount: range.count, to: &region)
          } catch { refusal = error }
        }
        let untouched = [UInt8](repeating: 0xEE, count: room)
        let fits = room >= range.count
        #expect(refusal == (fits ? nil : .destinationTooSmall), "case \(number)")
        #expect(
          out == (fits ? Array(model.bytes[range]) + untouched[range.count...] : untouched),
          "case \(number)")
      }
    }
  }

  @Test("mdl T23: appending goes behind what is there, and is refused when room is short")
  func append() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let model = ChainModel(using: &generator, upTo: 60)
      let prefix = generator.int(0...3)
      let capacity = max(prefix, prefix + model.byteCount + generator.int(-2...2))
      try model.withChain { chain in
        var memory = [UInt8](repeating: 0, count: capacity)
        var refusal: MDLError?
        let count = memory.withUnsafeMutableBytes { raw in
          var out = OutputRawSpan(buffer: raw, initializedCount: 0)
          for _ in 0..<prefix { out.append(0xAB) }
          do throws(MDLError) { try chain.span.append(to: &out) } catch { refusal = error }
          return out.finalize(for: raw)
        }
        let fits = capacity >= prefix + model.byteCount
        let start = [UInt8](repeating: 0xAB, count: prefix)
        #expect(refusal == (fits ? nil : .destinationTooSmall), "case \(number)")
        #expect(Array(memory[..<count]) == (fits ? start + model.bytes : start), "case \(number)")
      }
    }
  }

  @Test("mdl T24: copying a prefix copies what fits, says how much, and leaves the rest")
  func copyPrefix() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let model = ChainModel(using: &generator, upTo: 60)
      let room = generator.int(0...80)
      try model.withChain { chain in
        var count = -1
        let out = filled(room, repeating: 0xEE) { count = chain.span.copyPrefix(to: &$0) }
        #expect(count == min(room, model.byteCount), "case \(number)")
        #expect(out.starts(with: model.bytes.prefix(count)), "case \(number)")
        #expect(out[count...].allSatisfy { $0 == 0xEE }, "case \(number)")
      }
    }
  }

  @Test("mdl T24: a prefix is copied into an inline array too")
  func copyPrefixInline() throws {
    try ChainModel([1, 2, 3, 4, 5], cuts: [2, 3]).withChain { chain in
      var short = InlineArray<3, UInt8>(repeating: 9)
      var long = InlineArray<7, UInt8>(repeating: 9)
      let (shortCount, longCount) = (
        chain.span.copyPrefix(into: &short), chain.span.copyPrefix(into: &long)
      )
      #expect(shortCount == 3)
      #expect(longCount == 5)
      #expect(short.indices.map { short[$0] } == [1, 2, 3])
      #expect(long.indices.map { long[$0] } == [1, 2, 3, 4, 5, 9, 9])
    }
  }

  @Test("mdl T28: spans are equal when their bytes are, however they are cut")
  func bytesEqual() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let model = ChainModel(using: &generator, upTo: 80)
      let range = generator.range(of: model.byteCount)
      var changed = Array(model.bytes[range])
      let flipped = changed.isEmpty ? nil : generator.int(0...(changed.count - 1))
      if let flipped { changed[flipped] ^= 1 << UInt8(generator.int(0...7)) }
      let different = changed
      try model.withChain { chain in
        try model.recut(using: &generator).withChain { other in
          let mine = try chain.span(from: range.lowerBound, byteCount: range.count)
          let theirs = try other.span(from: range.lowerBound, byteCount: range.count)
          let equal = mine.bytesEqual(theirs)
          let unequal = !mine.bytesEqual(MDLSpan(different.span.bytes))
          let longer = range.count < model.byteCount && mine.bytesEqual(other.span)
          #expect(equal, "case \(number)")
          #expect(unequal == (flipped != nil), "case \(number)")
          #expect(!longer, "case \(number)")
        }
      }
    }
  }

  @Test("mdl T29: the first mismatch is the index of the first byte that differs")
  func firstMismatch() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      // Few values, so that equal prefixes are long and differences not all alike.
      let left = (0..<generator.int(0...40)).map { _ in UInt8(generator.int(0...40) / 39) }
      let right = (0..<generator.int(0...40)).map { _ in UInt8(generator.int(0...40) / 39) }
      let want = zip(left, right).enumerated().first { $1.0 != $1.1 }?.offset
      try ChainModel(left, cuts: generator.cuts(left.count)).withChain { mine in
        try ChainModel(right, cuts: generator.cuts(right.count)).withChain { theirs in
          let mismatch = mine.span.firstMismatch(theirs.span)
          #expect(mismatch == want, "case \(number)")
        }
      }
    }
  }

  @Test("mdl T28: ranges of two chains are compared, each checked against its chain")
  func bytesEqualAtOffset() throws {
    try ChainModel([1, 2, 3, 4, 5], cuts: [2, 3]).withChain { mine in
      try ChainModel([9, 2, 3, 4], cuts: [1, 0, 3]).withChain { theirs in
        let equal = try mine.bytesEqual(from: 1, byteCount: 3, theirs, from: 1)
        let unequal = try mine.bytesEqual(from: 0, byteCount: 3, theirs, from: 0)
        #expect(equal && !unequal)
        #expect(throws: MDLError.outOfBounds) {
          _ = try mine.bytesEqual(from: 2, byteCount: 3, theirs, from: 2)
        }
        #expect(throws: MDLError.outOfBounds) {
          _ = try theirs.bytesEqual(from: 1, byteCount: 3, mine, from: 3)
        }
      }
    }
  }
}
