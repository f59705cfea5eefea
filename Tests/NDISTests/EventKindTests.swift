import MDL
import Testing

@testable import NDIS

@Suite("EventKind")
struct EventKindTests {
  private let attributes = AdapterAttributes(
    interfaceIndex: 7, name: "np0", description: "veth", hardwareType: 1, isLoopback: false,
    address: MACAddress([2, 0, 0, 0, 0, 1]), mtu: 1500, isUp: true, link: .connected)

  @Test("D-6: each attribute that differs is one event, and a new description none")
  func changes() {
    var other = attributes
    #expect(other.changes(since: attributes).isEmpty)
    other.description = "uplink"
    #expect(other.changes(since: attributes).isEmpty)
    other.name = "np9"
    #expect(other.changes(since: attributes) == [.name])
    other.mtu = 1400
    other.address = MACAddress([2, 0, 0, 0, 0, 9])
    other.isUp = false
    other.link = .disconnected
    #expect(
      other.changes(since: attributes) == [.linkState, .powerState, .address, .mtu, .name])
  }

  @Test("a set has one bit a kind, and its own bits only")
  func sets() {
    for kind in EventKind.allCases {
      let set = EventKindSet(kind)
      #expect(set.rawValue == 1 << kind.rawValue)
      #expect(EventKind.allCases.filter(set.contains) == [kind])
      #expect(EventKindSet.all.contains(kind))
    }
  }

  @Test("E-6, S-3: NDIS_LINK_STATE has 40 bytes, the carrier at 4 and unknown speeds")
  func linkState() {
    let indication = StatusIndication.linkState(.disconnected)
    #expect(indication.status.rawValue == 0x4001_0017)
    #expect(indication.data.count == 40)
    #expect(indication.data.prefix(12) == [0x80, 1, 40, 0, 2, 0, 0, 0, 0, 0, 0, 0])
    #expect(indication.data[16..<32].allSatisfy { $0 == 0xFF })
    #expect(
      indication.encoded.prefix(12) == [0x17, 0, 1, 0x40, 12, 0, 0, 0, 40, 0, 0, 0])
    #expect(indication.encoded.count == 52)
  }
}
