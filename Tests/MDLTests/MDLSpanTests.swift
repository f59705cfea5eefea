import MDL
import Testing

@Suite("MDLSpan")
struct MDLSpanTests {
  @Test("mdl T11: a span is four words")
  func fourWords() {
    #expect(MemoryLayout<MDLSpan>.size == 32)
  }

  @Test("mdl T12: a range inside the chain is a span, any other is out of bounds")
  func bounds() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let model = ChainModel(using: &generator, upTo: 40)
      let edges = [-1, 0, 1, model.byteCount, model.byteCount + 1, .min, .max]
      let start = generator.int(0...1) == 0 ? generator.int(-2...42) : edges[generator.int(0...6)]
      let count = generator.int(0...1) == 0 ? generator.int(-2...42) : edges[generator.int(0...6)]
      let end = start.addingReportingOverflow(count)
      let isInside =
        start >= 0 && count >= 0 && !end.overflow && end.partialValue <= model.byteCount
      try model.withChain { chain in
        var content: [UInt8]?
        do throws(MDLError) { content = try array(chain.span(from: start, byteCount: count)) } catch
        {
          #expect(error == .outOfBounds)
        }
        #expect(
          content == (isInside ? Array(model.bytes[start..<start + count]) : nil), "case \(number)")
      }
    }
  }

  @Test("mdl T12: a span from a start without a count reaches to the end")
  func toTheEnd() throws {
    try ChainModel([1, 2, 3, 4, 5], cuts: [2, 0, 3]).withChain { chain in
      let content = try array(chain.span(from: 3))
      #expect(content == [4, 5])
      let none = try array(chain.span(from: 5))
      #expect(none.isEmpty)
      #expect(throws: MDLError.outOfBounds) {
        let span = try chain.span(from: 6)
        _ = span.byteCount
      }
    }
  }

  @Test("mdl T12: a count from an offset is checked against what follows the offset")
  func countFromOffset() throws {
    try ChainModel([1, 2, 3, 4, 5], cuts: [2, 0, 3]).withChain { chain in
      let offset = MDLOffset(segmentIndex: 0, byteOffset: 3)
      let content = try array(chain.span(at: offset, byteCount: 2))
      #expect(content == [4, 5])
      for count in [3, -1, .min, .max] {
        #expect(throws: MDLError.outOfBounds) {
          let span = try chain.span(at: offset, byteCount: count)
          _ = span.byteCount
        }
      }
    }
  }

  @Test("mdl T15: the first region of a span that has bytes is not empty")
  func leadingEmpties() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let bytes = generator.bytes(generator.int(1...40))
      let model = ChainModel(bytes, cuts: [0, 0] + [bytes.count] + [0])
      let start = generator.int(0...(bytes.count - 1))
      try model.withChain { chain in
        var regions = try chain.span(from: start).makeRegionIterator()
        let first = regions.next()?.byteCount
        #expect(first == bytes.count - start, "case \(number)")
      }
    }
  }

  @Test("mdl T16: a part of a part is the part of the model's part")
  func extracting() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let model = ChainModel(using: &generator)
      let outer = generator.range(of: model.byteCount)
      let inner = generator.range(of: outer.count)
      let want = Array(Array(model.bytes[outer])[inner])
      try model.withChain { chain in
        let span = try chain.span.extracting(outer)
        let whole = try array(span.extracting(inner))
        let first = try array(span.extracting(first: inner.upperBound))
        let rest = try array(span.extracting(droppingFirst: inner.lowerBound))
        #expect(whole == want, "case \(number)")
        #expect(Array(first.dropFirst(inner.lowerBound)) == want, "case \(number)")
        #expect(Array(rest.prefix(inner.count)) == want, "case \(number)")
      }
    }
  }

  @Test("mdl T16: parts outside a span are out of bounds", arguments: [-1, 8, .min, .max])
  func extractingOutside(count: Int) throws {
    try ChainModel(Array(1...7), cuts: [4, 3]).withChain { chain in
      let span = chain.span
      #expect(throws: MDLError.outOfBounds) {
        let part = try span.extracting(first: count)
        _ = part.byteCount
      }
      #expect(throws: MDLError.outOfBounds) {
        let part = try span.extracting(droppingFirst: count)
        _ = part.byteCount
      }
      #expect(throws: MDLError.outOfBounds) {
        let part = try span.extracting(count < 0 ? count..<3 : 3..<count)
        _ = part.byteCount
      }
    }
  }

  @Test("mdl T17: pieces split off one after another are the whole, each byte once")
  func splitting() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let model = ChainModel(using: &generator)
      try model.withChain { chain in
        var rest = chain.span
        var content: [UInt8] = []
        while !rest.isEmpty {
          let piece = try rest.splitFirst(generator.int(0...min(9, rest.byteCount)))
          content += array(piece)
        }
        #expect(content == model.bytes, "case \(number)")
      }
    }
  }

  @Test("mdl T17: a refused split leaves the span as it was", arguments: [-1, 6, .min, .max])
  func refusedSplit(count: Int) throws {
    try ChainModel([1, 2, 3, 4, 5], cuts: [2, 3]).withChain { chain in
      var span = chain.span
      var refusal: MDLError?
      do throws(MDLError) { _ = try span.splitFirst(count) } catch { refusal = error }
      #expect(refusal == .outOfBounds)
      let content = array(span)
      #expect(content == [1, 2, 3, 4, 5])
    }
  }

  @Test("mdl T18: regions in order are the model, none is empty, and their count is told")
  func regions() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let model = ChainModel(using: &generator)
      let range = generator.range(of: model.byteCount)
      try model.withChain { chain in
        let span = try chain.span(from: range.lowerBound, byteCount: range.count)
        var regions = span.makeRegionIterator()
        var content: [UInt8] = []
        var count = 0
        while let region = regions.next() {
          let isEmpty = region.isEmpty
          #expect(!isEmpty, "case \(number)")
          content += array(region)
          count += 1
        }
        let told = span.regionCount
        #expect(content == Array(model.bytes[range]), "case \(number)")
        #expect(told == count, "case \(number)")
      }
    }
  }

  @Test("mdl T18: segments that touch in memory are not merged")
  func touching() throws {
    let bytes: [UInt8] = [1, 2, 3, 4]
    var builder = MDLChainBuilder<2>()
    try builder.append(bytes.span.bytes.extracting(0..<2))
    try builder.append(bytes.span.bytes.extracting(2..<4))
    let count = builder.chain.span.regionCount
    #expect(count == 2)
  }

  private enum Stop: Error, Equatable { case at(Int) }

  @Test("mdl T19: an error thrown at a region arrives with its type, and ends the walk")
  func thrownError() throws {
    try ChainModel(Array(1...6), cuts: [2, 0, 2, 2]).withChain { chain in
      var visited = 0
      var caught: Stop?
      do throws(Stop) {
        try chain.span.forEachRegion { (_) throws(Stop) in
          visited += 1
          if visited == 2 { throw .at(visited) }
        }
      } catch { caught = error }
      #expect(caught == .at(2))
      #expect(visited == 2)
    }
  }

  @Test("mdl T5: a span of one run behaves as a chain of one segment")
  func flat() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let bytes = generator.bytes(generator.int(0...30))
      let range = generator.range(of: bytes.count)
      try ChainModel(bytes, cuts: [bytes.count]).withChain { chain in
        let (flat, chained) = (MDLSpan(bytes.span.bytes), chain.span)
        let flatPart = try flat.extracting(range)
        let chainedPart = try chained.extracting(range)
        let equal = flatPart.bytesEqual(chainedPart)
        let mismatch = flatPart.firstMismatch(chainedPart)
        let (content, other) = (array(flatPart), array(chainedPart))
        let (regions, otherRegions) = (flatPart.regionCount, chainedPart.regionCount)
        let (header, otherHeader) = (flatPart.ethernetHeader, chainedPart.ethernetHeader)
        let contiguous = flatPart.contiguousBytes?.byteCount
        let otherContiguous = chainedPart.contiguousBytes?.byteCount
        #expect(equal && mismatch == nil, "case \(number)")
        #expect(content == other && regions == otherRegions, "case \(number)")
        #expect(header == otherHeader && contiguous == otherContiguous, "case \(number)")
      }
    }
  }
}
