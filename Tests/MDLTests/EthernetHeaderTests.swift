import MDL
import Testing

@Suite("EthernetHeader")
struct EthernetHeaderTests {
  /// One tag: `[dst 6][src 6][8100][602A][0800][payload 2]`.
  static let tagged: [UInt8] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x81, 0x00, 0x60, 0x2A, 0x08, 0x00, 0x45, 0x00,
  ]
  /// Two tags: `[dst 6][src 6][88A8][0064][8100][F00A][86DD]`.
  static let doublyTagged: [UInt8] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    0x88, 0xA8, 0x00, 0x64, 0x81, 0x00, 0xF0, 0x0A, 0x86, 0xDD,
  ]

  @Test(
    "mdl T35: a header is read across every cut, with an empty segment at the cut",
    arguments: 0...20)
  func everyCut(cut: Int) throws {
    try ChainModel(Self.tagged, cuts: [cut, 0, 20 - cut]).withChain { chain in
      let header = chain.span.ethernetHeader
      #expect(
        header
          == EthernetHeader(
            destination: MACAddress([1, 2, 3, 4, 5, 6]), source: MACAddress([7, 8, 9, 10, 11, 12]),
            tagProtocol: 0x8100, vlanTag: 0x602A, etherType: 0x0800))
      #expect(header?.byteCount == 18)
    }
  }

  @Test("mdl T35: a header is read from segments of one byte, behind an offset")
  func singleBytes() throws {
    let frame: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x88, 0x8E]
    try ChainModel([0] + frame, cuts: [Int](repeating: 1, count: 15)).withChain { chain in
      let header = try chain.span(from: 1).ethernetHeader
      let cut = try chain.span(from: 1, byteCount: 13).ethernetHeader
      #expect(
        header
          == EthernetHeader(
            destination: MACAddress([1, 2, 3, 4, 5, 6]), source: MACAddress([7, 8, 9, 10, 11, 12]),
            etherType: 0x888E))
      #expect(cut == nil)
    }
  }

  @Test(
    "A-77: headers are read over cuts and empty fragments, and a span past the end is refused",
    arguments: [(cuts: [7, 7], isTagged: false), ([0, 7, 0, 7, 0], false), ([13, 5], true)])
  func fragments(cuts: [Int], isTagged: Bool) throws {
    let untagged: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x88, 0x8E]
    let frame = isTagged ? Array(Self.tagged.prefix(18)) : untagged
    try ChainModel(frame, cuts: cuts).withChain { chain in
      let header = chain.span.ethernetHeader
      #expect(header?.byteCount == frame.count)
      #expect(header?.tagProtocol == (isTagged ? 0x8100 : nil))
      #expect(header?.etherType == (isTagged ? 0x0800 : 0x888E))
      var error: MDLError?
      do throws(MDLError) { _ = try chain.span(from: 1, byteCount: frame.count) } catch let caught {
        error = caught
      }
      #expect(error == .outOfBounds)
    }
  }

  @Test("mdl T36: a frame shorter than its header has none", arguments: 0..<18)
  func tooShort(byteCount: Int) throws {
    try ChainModel(Array(Self.tagged.prefix(byteCount)), cuts: [byteCount]).withChain { chain in
      let header = chain.span.ethernetHeader
      #expect(header == nil)
    }
  }

  @Test(
    "mdl T36: an untagged header needs 14 bytes", arguments: [(13, false), (14, true), (17, true)])
  func untagged(byteCount: Int, isHeader: Bool) throws {
    var frame = Self.tagged
    frame[12] = 0x08
    try ChainModel(Array(frame.prefix(byteCount)), cuts: [byteCount]).withChain { chain in
      let header = chain.span.ethernetHeader
      #expect((header != nil) == isHeader)
      #expect(header?.byteCount == (isHeader ? 14 : nil))
      #expect(header?.vlanTag == nil)
      #expect(header?.tagProtocol == nil)
    }
  }

  @Test(
    "mdl T37: tag protocols are told apart, a priority tag is a tag, a length stays a length",
    arguments: [
      (type: [0x81, 0x00], tagProtocol: 0x8100, tag: 0x6000, etherType: 0x0800),
      (type: [0x88, 0xA8], tagProtocol: 0x88A8, tag: 0x6000, etherType: 0x0800),
      (type: [0x91, 0x00], tagProtocol: nil, tag: nil, etherType: 0x9100),
      (type: [0x00, 0x26], tagProtocol: nil, tag: nil, etherType: 0x0026),
      (type: [0x05, 0xDC], tagProtocol: nil, tag: nil, etherType: 0x05DC),
    ] as [(type: [UInt8], tagProtocol: UInt16?, tag: UInt16?, etherType: UInt16)])
  func types(type: [UInt8], tagProtocol: UInt16?, tag: UInt16?, etherType: UInt16) throws {
    var frame = Self.tagged
    frame.replaceSubrange(12..<16, with: type + [0x60, 0x00])
    try ChainModel(frame, cuts: [13, 7]).withChain { chain in
      let header = chain.span.ethernetHeader
      #expect(header?.tagProtocol == tagProtocol)
      #expect(header?.vlanTag == tag)
      #expect(header?.etherType == etherType)
    }
  }

  @Test("mdl T37: a second tag is read with its protocol, across every cut", arguments: 0...22)
  func innerTag(cut: Int) throws {
    try ChainModel(Self.doublyTagged, cuts: [cut, 0, 22 - cut]).withChain { chain in
      let (header, inner) = (chain.span.ethernetHeader, chain.span.innerVLANTag)
      #expect(header?.tagProtocol == 0x88A8)
      #expect(header?.vlanTag == 0x0064)
      #expect(header?.etherType == 0x8100)
      #expect(inner == VLANTag(tagProtocol: 0x8100, control: 0xF00A, etherType: 0x86DD))
      #expect(inner?.identifier == 10)
      #expect(inner?.priority == 7)
      #expect(inner?.isDropEligible == true)
    }
  }

  @Test("mdl T37: a frame with one tag, or too short for two, has no second one")
  func noInnerTag() throws {
    for frame in [Self.tagged + [0, 0, 0, 0], Array(Self.doublyTagged.dropLast())] {
      try ChainModel(frame, cuts: [frame.count]).withChain { chain in
        let inner = chain.span.innerVLANTag
        #expect(inner == nil)
      }
    }
  }
}
