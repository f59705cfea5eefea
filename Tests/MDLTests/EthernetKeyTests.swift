import MDL
import TestSupport
import Testing

@Suite("EthernetKey")
struct EthernetKeyTests {
  private static let types: [UInt16] = [
    0x8100, 0x88A8, 0x9100, 0x9200, 0x888E, 0x0040, 0x05FF, 0x0600,
  ]

  /// The numbers of a frame as a ring has them: padded with whatever lies behind it.
  private func ringKey(_ frame: [UInt8]) -> EthernetKey? {
    EthernetKey(byteCount: frame.count) { offset in
      (0..<8).reduce(0) { number, index in
        let octet = offset + index < frame.count ? frame[offset + index] : 0xEE
        return number | UInt64(octet) << UInt64(8 * index)
      }
    }
  }

  @Test(
    "R-20, W-6: over a span and over a ring's granules a frame has the same key, which is what its header decides by",
    arguments: 1...50)
  func agreement(seed: UInt64) {
    var generator = SplitMix64(state: UInt64(seed))
    for _ in 0..<200 {
      var frame = (0..<Int(generator.next() % 40)).map { _ in
        UInt8(truncatingIfNeeded: generator.next())
      }
      for offset in [12, 16] where frame.count >= offset + 2 {
        let type = Self.types[Int(generator.next() % UInt64(Self.types.count))]
        frame[offset] = UInt8(type >> 8)
        frame[offset + 1] = UInt8(type & 0xFF)
      }
      let span = frame.span
      let key = EthernetKey(span.bytes)
      let ringKey = self.ringKey(frame)
      #expect((key == nil) == (ringKey == nil))
      guard let key, let ringKey else {
        // Too short for a type, or for the type behind the tag that is looked behind.
        #expect(frame.count < 14 || (frame[12...13] == [0x81, 0x00] && frame.count < 18))
        continue
      }
      #expect(
        key.destination == ringKey.destination && key.type == ringKey.type
          && key.vlan == ringKey.vlan)
      if let header = MDLSpan(span.bytes).ethernetHeader {
        #expect(key.destination == header.destination.littleEndianValue)
        #expect(key.type == header.decidingType && key.vlan == header.decidingVLAN)
        #expect(key.isToGroup == header.destination.isMulticast)
        #expect(span.bytes.isToGroup == header.destination.isMulticast)
        #expect(span.bytes.isToEverybody == header.destination.isBroadcast)
      }
    }
  }

  @Test(
    "one table says what a tag protocol means",
    arguments: [
      (0x8100, true, true, true), (0x88A8, false, true, true), (0x9100, false, false, true),
      (0x9200, false, false, true), (0x888E, false, false, false), (0, false, false, false),
    ] as [(UInt16, Bool, Bool, Bool)])
  func table(type: UInt16, isLookedBehind: Bool, isTakenOff: Bool, isTag: Bool) {
    #expect(TagProtocol.isLookedBehind(type) == isLookedBehind)
    #expect(TagProtocol.isTakenOff(type) == isTakenOff)
    #expect(TagProtocol.isTag(type) == isTag)
  }

  @Test("untagged frames of one flow have one key; of a flow that is looked behind that is not so")
  func flows() {
    func number(_ octets: [UInt8]) -> UInt64 {
      octets.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    let first = number([1, 2, 3, 4, 5, 6, 0x77, 0x77])
    let plain = EthernetKey.flow(first, number([0, 0, 0, 0, 0x88, 0x8E, 9, 9]))
    #expect(plain == EthernetKey.flow(first, number([7, 7, 7, 7, 0x88, 0x8E, 1, 1])))
    #expect(plain != EthernetKey.flow(first, number([0, 0, 0, 0, 0x88, 0x8F, 9, 9])))
    #expect(!EthernetKey.isLookedBehind(flow: plain))
    let tagged = EthernetKey.flow(first, number([0, 0, 0, 0, 0x81, 0x00, 0, 5]))
    #expect(EthernetKey.isLookedBehind(flow: tagged))
  }

  @Test("the flow of a frame is that of its two numbers; one that has not both has none")
  func flowOfFrame() {
    let frame: [UInt8] = [1, 2, 3, 4, 5, 6, 0x77, 0x77, 0, 0, 0, 0, 0x88, 0x8E, 9, 9]
    let (whole, short) = (frame.span, frame[..<15])
    let flow = EthernetKey.flow(0x7777_0605_0403_0201, 0x0909_8E88_0000_0000)
    #expect(whole.bytes.flow == flow)
    #expect(Array(short).span.bytes.flow == nil)
  }
}
