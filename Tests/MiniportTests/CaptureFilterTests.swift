import NDIS
import Testing

@testable import Miniport

@Suite("CaptureFilter")
struct CaptureFilterTests {
  @Test(
    "a set of types becomes an expression that finds them untagged and behind one tag",
    arguments: [
      ([], .nothing),
      ([0xFFFF, 0x888E], .everything),
      (
        [0x888E],
        .expression("ether[12:2] = 0x888e or (ether[12:2] = 0x8100 and (ether[16:2] = 0x888e))")
      ),
      (
        [0x88CC, 0],
        .expression(
          "ether[12:2] < 0x0600 or ether[12:2] = 0x88cc"
            + " or (ether[12:2] = 0x8100 and (ether[16:2] < 0x0600 or ether[16:2] = 0x88cc))")
      ),
      (
        [0x88A8],
        .expression(
          "ether[12:2] = 0x88a8 or (ether[12:2] = 0x8100 and (ether[16:2] = 0x88a8)) or vlan")
      ),
    ] as [([UInt16], CaptureFilter)])
  func expressions(types: [UInt16], expected: CaptureFilter) {
    #expect(CaptureFilter(EtherTypeSet(types)) == expected)
  }

  @Test("256 types are a program, 257 are not worth one")
  func limit() {
    let types = (0x9200..<0x9301).map { UInt16($0) }
    #expect(CaptureFilter(EtherTypeSet(types)) == .everything)
    #expect(CaptureFilter(EtherTypeSet(Array(types.dropLast()))) != .everything)
  }
}
