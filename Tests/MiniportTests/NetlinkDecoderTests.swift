import MDL
import NDIS
import TestSupport
import Testing

@testable import Miniport

@Suite("NetlinkDecoder")
struct NetlinkDecoderTests {
  /// One RTM_NEWLINK and NLMSG_DONE, as a little-endian kernel writes them.
  static let golden: [UInt8] = [
    0x70, 0, 0, 0, 0x10, 0, 0x02, 0, 7, 0, 0, 0, 0x2A, 0, 0, 0,  // 112 bytes, NEWLINK, MULTI, #7
    0, 0, 1, 0, 5, 0, 0, 0, 0x43, 0x10, 1, 0, 0, 0, 0, 0,  // ARPHRD_ETHER, index 5, up
    9, 0, 3, 0, 0x65, 0x74, 0x68, 0x30, 0, 0, 0, 0,  // IFNAME "eth0"
    10, 0, 1, 0, 2, 0, 0, 0, 0, 9, 0, 0,  // ADDRESS 02:00:00:00:00:09
    8, 0, 4, 0, 0xDC, 5, 0, 0,  // MTU 1500
    5, 0, 33, 0, 1, 0, 0, 0,  // CARRIER 1
    16, 0, 18, 0x80,  // LINKINFO, nested
    9, 0, 1, 0, 0x76, 0x65, 0x74, 0x68, 0, 0, 0, 0,  // INFO_KIND "veth"
    11, 0, 20, 0, 0x75, 0x70, 0x6C, 0x69, 0x6E, 0x6B, 0, 0,  // IFALIAS "uplink"
    12, 0, 0x99, 0, 1, 2, 3, 4, 5, 6, 7, 8,  // something newer
    20, 0, 0, 0, 3, 0, 0x12, 0, 7, 0, 0, 0, 0x2A, 0, 0, 0, 0, 0, 0, 0,  // DONE, MULTI | DUMP_INTR
  ]

  static let attributes = {
    var attributes = AdapterAttributes(
      interfaceIndex: 5, name: "eth0", description: "uplink", hardwareType: 1, isLoopback: false,
      address: MACAddress([2, 0, 0, 0, 0, 9]), mtu: 1500, isUp: true, link: .connected)
    attributes.details.alias = "uplink"
    attributes.details.kind = "veth"
    return attributes
  }()

  static func decode(_ bytes: [UInt8]) -> (messages: [NetlinkMessage], isWhole: Bool) {
    var messages: [NetlinkMessage] = []
    let isWhole = NetlinkDecoder.forEachMessage(in: bytes.span.bytes) { messages.append($0) }
    return (messages, isWhole)
  }

  @Test("the golden bytes are a link with all its attributes and the end of an interrupted dump")
  func goldenBytes() {
    var bytes = Self.golden
    bytes[0] = UInt8(bytes.count - 20)
    let (messages, isWhole) = Self.decode(bytes)
    #expect(isWhole)
    #expect(
      messages == [
        NetlinkMessage(content: .link(Self.attributes), sequence: 7, isInterrupted: false),
        NetlinkMessage(content: .done, sequence: 7, isInterrupted: true),
      ])
  }

  @Test("the attributes that only OIDs ask for are taken, a VLAN's behind its kind")
  func details() throws {
    let link: [UInt8] = [
      104, 0, 0, 0, 0x10, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0,  // 104 bytes, NEWLINK
      0, 0, 1, 0, 5, 0, 0, 0, 0x43, 0x10, 1, 0, 0, 0, 0, 0,  // ARPHRD_ETHER, index 5, up
      6, 0, 3, 0, 0x76, 0, 0, 0,  // IFNAME "v"
      10, 0, 54, 0, 2, 0, 0, 0, 0, 7, 0, 0,  // PERM_ADDRESS 02:00:00:00:00:07
      5, 0, 16, 0, 6, 0, 0, 0,  // OPERSTATE up
      8, 0, 13, 0, 0xE8, 3, 0, 0,  // TXQLEN 1000
      8, 0, 30, 0, 2, 0, 0, 0,  // PROMISCUITY 2
      28, 0, 18, 0,  // LINKINFO
      9, 0, 1, 0, 0x76, 0x6C, 0x61, 0x6E, 0, 0, 0, 0,  // INFO_KIND "vlan"
      12, 0, 2, 0, 6, 0, 1, 0, 0x2A, 0, 0, 0,  // INFO_DATA: VLAN_ID 42
    ]
    let message = try #require(Self.decode(link).messages.first)
    guard case .link(let attributes) = message.content else {
      Issue.record("\(message) is no link")
      return
    }
    var expected = LinkDetails()
    expected.permanentAddress = MACAddress([2, 0, 0, 0, 0, 7])
    expected.operationalState = 6
    expected.transmitQueueLength = 1000
    expected.promiscuity = 2
    expected.vlanID = 42
    expected.kind = "vlan"
    #expect(attributes.details == expected)
  }

  /// The names and the master of a link, as a little-endian kernel writes them.
  static let named: [UInt8] = [
    104, 0, 0, 0, 0x10, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0,  // 104 bytes, NEWLINK
    0, 0, 1, 0, 5, 0, 0, 0, 0x43, 0x10, 1, 0, 0, 0, 0, 0,  // ARPHRD_ETHER, index 5, up
    8, 0, 3, 0, 0x6E, 0x70, 0x30, 0,  // IFNAME "np0"
    8, 0, 10, 0, 9, 0, 0, 0,  // MASTER 9
    56, 0, 52, 0x80,  // PROP_LIST, nested
    12, 0, 53, 0, 0x65, 0x6E, 0x78, 0x63, 0x61, 0x66, 0x65, 0,  // ALT_IFNAME "enxcafe"
    8, 0, 53, 0, 0x61, 0x2F, 0x62, 0,  // "a/b": the kernel takes it, no request can hold it
    5, 0, 53, 0, 0, 0, 0, 0,  // "": likewise
    7, 0, 53, 0, 0xFF, 0x61, 0, 0,  // ff 61, no UTF-8
    8, 0, 60, 0, 1, 2, 3, 4,  // a property of a newer kernel
    6, 0, 53, 0, 0x78, 0x79, 0, 0,  // "xy", without a zero of its own
  ]

  @Test(
    "the alternative names and the master are taken; names that cannot be asked for are left out")
  func alternativeNames() throws {
    let attributes = try #require(Self.decode(Self.named).messages.first?.content.attributes)
    #expect(attributes.alternativeNames == ["enxcafe", #"bytes:\xffa"#, "xy"])
    #expect(attributes.names.first == "np0")
    #expect(attributes.details.masterIndex == 9)
    let none = try #require(Self.decode(LinkBytes().message()).messages.first?.content.attributes)
    #expect(none.alternativeNames == [] && none.details.masterIndex == 0)
  }

  @Test("cut at any length, the list of names gives the names in front of the cut, whole ones only")
  func cutNames() throws {
    for count in 48...Self.named.count {
      var bytes = Array(Self.named.prefix(count))
      bytes[0] = UInt8(count)
      // The list says the length that is left of it.
      if count >= 52 { bytes[48] = UInt8(count - 48) }
      let attributes = try #require(Self.decode(bytes).messages.first?.content.attributes)
      let whole = [(64, "enxcafe"), (87, #"bytes:\xffa"#), (102, "xy")].filter { $0.0 <= count }
      #expect(attributes.alternativeNames.map(\.text) == whole.map(\.1), "\(count) bytes")
    }
    // A list that claims more than there is is no list.
    var bytes = Self.named
    bytes[48] = 0xFF
    #expect(Self.decode(bytes).messages.first?.content.attributes?.alternativeNames == [])
  }

  @Test("the end of a dump in which the kernel gave up is a refusal, not an end")
  func brokenDump() {
    let end: [UInt8] = [20, 0, 0, 0, 3, 0, 2, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0xA6, 0xFF, 0xFF, 0xFF]
    #expect(
      Self.decode(end).messages
        == [NetlinkMessage(content: .error(errno: 90), sequence: 7, isInterrupted: false)])
  }

  @Test("a description is the alias, else the kind, else the name")
  func description() {
    #expect(link(alias: "a", kind: "veth")?.description == "a")
    #expect(link(alias: "", kind: "veth")?.description == "veth")
    #expect(link(alias: nil, kind: nil)?.description == "eth0")
  }

  @Test(
    "the carrier is what IFLA_CARRIER says, and unknown without it",
    arguments: [(nil, .unknown), (0, .disconnected), (1, .connected), (2, .unknown)]
      as [(UInt8?, MediaConnectState)])
  func carrier(value: UInt8?, expected: MediaConnectState) {
    let message = LinkBytes(carrier: value).message()
    #expect(Self.decode(message).messages.first?.content.attributes?.link == expected)
  }

  @Test("a bridge's words about its ports are no news of links", arguments: [16, 17] as [UInt16])
  func bridgeFamily(type: UInt16) {
    let message = LinkBytes(family: 7).message(type: type)
    #expect(Self.decode(message).messages.map(\.content) == [.other])
  }

  @Test("a deleted link is its index; a refusal its errno")
  func others() {
    #expect(
      Self.decode(LinkBytes().message(type: 17)).messages.map(\.content)
        == [.linkGone(interfaceIndex: 5)])
    let refused: [UInt8] = [
      36, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0xF0, 0xFF, 0xFF, 0xFF,
      20, 0, 0, 0, 18, 0, 1, 3, 9, 0, 0, 0, 0, 0, 0, 0,
    ]
    #expect(
      Self.decode(refused).messages
        == [NetlinkMessage(content: .error(errno: 16), sequence: 9, isInterrupted: false)])
  }

  @Test("a name that is no UTF-8 keeps its bytes, and one without end stops at its attribute")
  func names() {
    #expect(link(name: [0x65, 0xFF, 0x30])?.name == #"bytes:e\xff0"#)
    #expect(link(name: [0x61, 0x62, 0x63, 0x64])?.name == "abcd")
    #expect(link(name: [0]) == nil)
  }

  @Test("cut at any length it gives only whole messages and says that it was cut")
  func truncated() {
    var bytes = Self.golden
    let first = bytes.count - 20
    bytes[0] = UInt8(first)
    for count in 0..<bytes.count {
      let (messages, isWhole) = Self.decode(Array(bytes.prefix(count)))
      #expect(messages.count == (count >= first ? 1 : 0))
      #expect(isWhole == (count == 0 || count == first))
    }
  }

  @Test("any length field of any message or attribute at any value is no trap")
  func lengths() {
    var bytes = Self.golden
    bytes[0] = UInt8(bytes.count - 20)
    for offset in 0..<bytes.count {
      for value in [0, 1, 3, 4, 0x7F, 0x80, 0xFF] as [UInt8] {
        var changed = bytes
        changed[offset] = value
        _ = Self.decode(changed)
      }
    }
  }

  @Test("random bytes are no trap", arguments: 0..<20 as Range<UInt64>)
  func random(seed: UInt64) {
    var random = SplitMix64(state: seed)
    for _ in 0..<2000 {
      var bytes = (0..<Int.random(in: 0..<128, using: &random)).map { _ in
        UInt8.random(in: .min ... .max, using: &random)
      }
      // Half of them look like a link at first sight, so that the attributes are reached.
      if bytes.count > 32, Bool.random(using: &random) {
        bytes.replaceSubrange(0..<8, with: [UInt8(bytes.count), 0, 0, 0, 16, 0, 0, 0])
        bytes[16] = 0
      }
      _ = Self.decode(bytes)
    }
  }

  private func link(
    name: [UInt8] = Array("eth0".utf8), alias: String? = nil, kind: String? = nil
  ) -> AdapterAttributes? {
    let bytes = LinkBytes(name: name, alias: alias, kind: kind).message()
    return Self.decode(bytes).messages.first?.content.attributes
  }
}

extension NetlinkMessage.Content {
  var attributes: AdapterAttributes? {
    if case .link(let attributes) = self { attributes } else { nil }
  }
}

/// Writes the message of a link, attribute by attribute.
struct LinkBytes {
  var family: UInt8 = 0
  var index: UInt8 = 5
  var name = Array("eth0".utf8)
  var alias: String?
  var kind: String?
  var carrier: UInt8?

  func message(type: UInt16 = 16, sequence: UInt8 = 0) -> [UInt8] {
    var payload: [UInt8] = [family, 0, 1, 0, index, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    payload += attribute(3, name)
    if let alias { payload += attribute(20, Array(alias.utf8) + [0]) }
    if let kind { payload += attribute(18, attribute(1, Array(kind.utf8) + [0])) }
    if let carrier { payload += attribute(33, [carrier]) }
    let byteCount = UInt8(16 + payload.count)
    return [byteCount, 0, 0, 0, UInt8(type), 0, 0, 0, sequence, 0, 0, 0, 0, 0, 0, 0] + payload
  }

  private func attribute(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
    let padding = [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
    return [UInt8(value.count + 4), 0, type, 0] + value + padding
  }
}
