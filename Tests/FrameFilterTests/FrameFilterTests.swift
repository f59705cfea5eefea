import FrameFilter
import TestSupport
import Testing

@Suite("FrameFilter")
struct FrameFilterTests {
  private static let tagged = EthernetFrame.make(type: 0x0806, tag: [0x81, 0x00, 0x20, 0x2A])

  private func matches(_ expression: String, _ frame: [UInt8], originalLength: UInt32 = 0) throws
    -> Bool
  {
    try FrameFilter(expression).matches(frame.span.bytes, originalLength: originalLength)
  }

  @Test(
    "an expression picks frames by what their bytes say",
    arguments: [
      ("ether src 02:00:00:00:00:05", true), ("ether src 02:00:00:00:00:06", false),
      ("ether proto 0x88b5", true), ("ether proto 0x88cc", false), ("vlan 42", false),
      ("ether[14:4] == 7", true), ("ether[14:4] == 8", false), ("", true),
    ])
  func picks(expression: String, isMatch: Bool) throws {
    #expect(try matches(expression, EthernetFrame.make(number: 7)) == isMatch)
  }

  @Test("a VLAN is one of the bytes, as the wire has it")
  func vlan() throws {
    #expect(try matches("ether src 02:00:00:00:00:05 and vlan 42", Self.tagged))
    #expect(try matches("vlan 42 and arp", Self.tagged))
    #expect(try !matches("vlan 43", Self.tagged))
  }

  @Test("a length is the one on the wire, not that of the bytes which are left")
  func lengths() throws {
    let frame = EthernetFrame.make(byteCount: 60)
    #expect(try matches("greater 1000", frame, originalLength: 1_514))
    #expect(try !matches("greater 1000", frame))
  }

  @Test(
    "bytes that are not there match nothing",
    arguments: [[], [2], EthernetFrame.make(byteCount: 13)])
  func short(frame: [UInt8]) throws {
    #expect(try !matches("ether proto 0x88b5", frame))
    #expect(try !matches("ether[4000] == 0", frame))
  }

  @Test("an expression that does not compile says why, in libpcap's words")
  func malformed() {
    #expect(throws: FrameFilterError.notCompiled("can't parse filter expression: syntax error")) {
      _ = try FrameFilter("ether src and")
    }
  }

  @Test(
    "what only the kernel knows is refused: it would match nothing",
    arguments: ["inbound", "outbound", "ifindex 3", "arp and inbound"])
  func extensions(expression: String) {
    #expect(throws: FrameFilterError.asksKernel) { _ = try FrameFilter(expression) }
  }
}
