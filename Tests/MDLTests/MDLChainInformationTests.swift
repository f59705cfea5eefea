import Glibc
import MDL
import Testing

@Suite("MDLChainInformation")
struct MDLChainInformationTests {
  private let page = sysconf(Int32(_SC_PAGESIZE))

  @Test("mdl T32: counts and bytes are the model's, pages stay in their bounds")
  func property() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let model = ChainModel(using: &generator)
      try model.withChain { chain in
        let information = chain.information
        let count = model.byteCount
        #expect(information.segmentCount == model.segments.count, "case \(number)")
        #expect(
          information.nonEmptySegmentCount == model.segments.count { !$0.isEmpty }, "case \(number)"
        )
        #expect(information.byteCount == count, "case \(number)")
        #expect(information.pageCount <= count, "case \(number)")
        #expect(information.pageCount >= (count + page - 1) / page, "case \(number)")
      }
    }
  }

  /// A chain over page-aligned memory: one (offset, length) for each segment.
  private func information(_ rows: [(offset: Int, byteCount: Int)]) throws -> MDLChainInformation {
    let buffer = MDLBuffer(byteCount: 4 * page, alignment: page)
    var builder = MDLChainBuilder<4>()
    for row in rows {
      try builder.append(buffer.bytes.extracting(row.offset..<row.offset + row.byteCount))
    }
    return builder.chain.information
  }

  @Test("mdl T32: an empty segment inside a page touches none, unlike the reference")
  func emptySegment() throws {
    let information = try information([(5, 0), (page - 6, 10)])
    #expect(information.pageCount == 2)
    #expect(information.segmentCount == 2)
    #expect(information.nonEmptySegmentCount == 1)
  }

  @Test("mdl T32: a page shared by two segments counts twice, a long segment once a page")
  func pages() throws {
    #expect(try information([(0, 8), (8, 8)]).pageCount == 2)
    #expect(try information([(0, page)]).pageCount == 1)
    #expect(try information([(0, page + 1)]).pageCount == 2)
    #expect(try information([(page - 1, 2 + page)]).pageCount == 3)
  }

  @Test("mdl T32: alignment is the lowest bit of all in-page offsets, at most a page")
  func alignment() throws {
    #expect(try information([(8, 4), (12, 4)]).maximumAlignment == 4)
    #expect(try information([(1, 0), (64, 4)]).maximumAlignment == 64)
    #expect(try information([(0, 4), (page, 4)]).maximumAlignment == page)
    #expect(try information([]).maximumAlignment == page)
    #expect(try information([]) == MDLChainInformation())
  }
}
