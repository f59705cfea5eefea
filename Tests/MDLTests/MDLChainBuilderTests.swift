import Glibc
import Testing

@testable import MDL

@Suite("MDLChainBuilder")
struct MDLChainBuilderTests {
  @Test("mdl T1: a segment has the layout of an iovec")
  func layout() throws {
    #expect(MemoryLayout<MDLSegment>.size == MemoryLayout<iovec>.size)
    #expect(MemoryLayout<MDLSegment>.stride == MemoryLayout<iovec>.stride)
    #expect(MemoryLayout<MDLSegment>.alignment == MemoryLayout<iovec>.alignment)
    #expect(
      MemoryLayout<MDLSegment>.offset(of: \.base) == MemoryLayout<iovec>.offset(of: \.iov_base))
    #expect(
      MemoryLayout<MDLSegment>.offset(of: \.byteCount) == MemoryLayout<iovec>.offset(of: \.iov_len))
  }

  @Test("mdl T1: a chain counts its segments and bytes, the empty segments too")
  func counts() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let model = ChainModel(using: &generator)
      try model.withChain { chain in
        let (segmentCount, byteCount) = (chain.segmentCount, chain.byteCount)
        #expect(segmentCount == model.segments.count, "case \(number)")
        #expect(byteCount == model.byteCount, "case \(number)")
      }
    }
  }

  @Test("mdl T2: a full builder refuses one segment more and stays as it was")
  func full() throws {
    let bytes: [UInt8] = [1, 2, 3]
    var builder = MDLChainBuilder<2>()
    try builder.append(bytes.span.bytes)
    try builder.append(bytes.span.bytes.extracting(first: 1))
    var refusal: MDLError?
    do throws(MDLError) { try builder.append(bytes.span.bytes) } catch { refusal = error }
    #expect(refusal == .tooManySegments)
    let content = array(builder.chain.span)
    #expect(content == [1, 2, 3, 1])
  }

  @Test("mdl T2: a builder to which nothing was appended gives a chain without bytes")
  func empty() {
    let builder = MDLChainBuilder<1>()
    let chain = builder.chain
    let (segmentCount, byteCount, isEmpty) = (
      chain.segmentCount, chain.byteCount, chain.span.isEmpty
    )
    #expect(segmentCount == 0)
    #expect(byteCount == 0)
    #expect(isEmpty)
    let atStart = chain.startOffset == chain.endOffset
    #expect(atStart)
  }

  @Test("mdl T3: lengths that sum past Int.max are refused and leave the builder as it was")
  func overflow() throws {
    let byte: [UInt8] = [1]
    // A length that no memory has, to reach the check; its bytes are never touched.
    let endless = byte.withUnsafeBytes {
      UnsafeRawBufferPointer(start: $0.baseAddress, count: .max)
    }
    var builder = MDLChainBuilder<4>()
    try builder.append(byte.span.bytes)
    var refusal: MDLError?
    do throws(MDLError) { try builder.append(RawSpan(_unsafeBytes: endless)) } catch {
      refusal = error
    }
    #expect(refusal == .outOfBounds)
    let (segmentCount, byteCount) = (builder.segmentCount, builder.byteCount)
    #expect(segmentCount == 1)
    #expect(byteCount == 1)
  }

  @Test("mdl T2: a full writable builder refuses one region more")
  func fullMutable() throws {
    _ = try filled(4) { region in
      var builder = MutableMDLChainBuilder<1>()
      try builder.append(region.splitFirst(2))
      var refusal: MDLError?
      do throws(MDLError) { try builder.append(region.splitFirst(2)) } catch { refusal = error }
      #expect(refusal == .tooManySegments)
      let (segmentCount, byteCount) = (builder.segmentCount, builder.byteCount)
      #expect(segmentCount == 1)
      #expect(byteCount == 2)
    }
  }

  @Test("mdl T4: splitting a region gives disjoint parts that cover it")
  func splitRegion() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let count = generator.int(0...40)
      let cut = generator.int(0...count)
      let bytes = try filled(count) { region in
        var front = try region.splitFirst(cut)
        front.withUnsafeMutableBytes { $0.update(1) }
        region.withUnsafeMutableBytes { $0.update(2) }
      }
      let want = [UInt8](repeating: 1, count: cut) + [UInt8](repeating: 2, count: count - cut)
      #expect(bytes == want, "case \(number)")
    }
  }

  @Test("mdl T4: a region is not split outside its bounds", arguments: [-1, 5, .min, .max])
  func splitOutside(count: Int) throws {
    _ = filled(4) { region in
      var refusal: MDLError?
      do throws(MDLError) { _ = try region.splitFirst(count) } catch { refusal = error }
      #expect(refusal == .outOfBounds)
      let left = region.byteCount
      #expect(left == 4)
    }
  }
}
