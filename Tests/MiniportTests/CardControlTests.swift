import FoundationEssentials
import Glibc
import MDL
import NDIS
import TestSupport
import Testing

@testable import Miniport

extension OnVeth {
  @Suite("A card that is asked")
  struct CardControlTests {
    private static let group = MACAddress([0x01, 0x80, 0xC2, 0, 0, 0x03])

    /// `name` and how often each of its groups was joined, from /proc/net/dev_mcast.
    private func joined(_ name: String) -> [String] {
      let text = (try? String(contentsOf: URL(filePath: "/proc/net/dev_mcast"), encoding: .utf8))
      return (text ?? "").split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        .filter { $0.count == 5 && $0[1] == name }.map { "\($0[4]) × \($0[2])" }
    }

    @Test("the driver of a veth is veth, and its link is 10 Gbit/s both ways")
    func veth() throws {
      let pair = try VethPair()
      let card = try CardControl()
      #expect(
        try card.identity(of: pair.nearIndex) == AdapterIdentity(driver: "veth", isWireless: false))
      let link = try card.facts(.link, of: pair.nearIndex).link
      #expect(link.bitsPerSecond == 10_000_000_000 && link.duplex == .full)
      #expect(link.maximumBitsPerSecond == 10_000_000_000)
    }

    @Test(
      "fault 14: a name that libpcap takes for another source, and another name beside it",
      arguments: [
        ("any", true), ("usbmon0", true), ("bluetooth0", true), ("dbus-system", true),
        ("dbus-x", true), ("nflog", false), ("nfqueue", false),
      ])
    func otherSources(name: String, isCapturable: Bool) throws {
      let pair = try VethPair(isUp: false)
      let index = pair.nearIndex
      try Command.run("ip link set \(pair.near) name \(name)")
      defer { try? Command.run("ip link delete \(name)") }
      let card = try CardControl()
      #expect(try card.identity(of: index).isCapturable == isCapturable)
      try Command.run("ip link property add dev \(name) altname nic0")
      #expect(try card.identity(of: index).isCapturable)
    }

    @Test("counters are the interface's own")
    func statistics() throws {
      let pair = try VethPair()
      let card = try CardControl()
      let before = try card.facts(.statistics, of: pair.nearIndex).statistics
      let peer = try RawSocket(pair.far)
      for number in 0..<5 as Range<UInt32> { try peer.send(EthernetFrame.make(number: number)) }
      let byteCount = UInt64(EthernetFrame.make().count)
      #expect(
        eventually {
          let after = try? card.facts(.statistics, of: pair.nearIndex).statistics
          return after?.receivedFrames == before.receivedFrames + 5
            && after?.receivedBytes == before.receivedBytes + 5 * byteCount
        })
    }

    @Test("an interface that is not there is said to be gone, whatever is asked")
    func gone() throws {
      let index: Int32
      do { index = try VethPair().nearIndex }
      let card = try CardControl()
      #expect(throws: MiniportError.noSuchDevice) { try card.identity(of: index) }
      #expect(throws: MiniportError.noSuchDevice) { try card.facts(.link, of: index) }
      #expect(throws: MiniportError.noSuchDevice) { try card.facts(.statistics, of: index) }
      var wanted = MembershipSet()
      wanted.isPromiscuous = true
      #expect(throws: MiniportError.noSuchDevice) { try card.join(wanted, on: index, for: 1) }
      try card.join(MembershipSet(), on: index, for: 1)
    }

    @Test("groups are joined and left one by one, and all are given back with an empty set")
    func groups() throws {
      let pair = try VethPair()
      let card = try CardControl()
      var wanted = MembershipSet()
      wanted.groups = [Self.group]
      try card.join(wanted, on: pair.nearIndex, for: 1)
      #expect(joined(pair.near).contains("0180c2000003 × 1"))
      try card.join(wanted, on: pair.nearIndex, for: 1)
      #expect(joined(pair.near).contains("0180c2000003 × 1"))
      wanted.groups = [MACAddress([0x01, 0x80, 0xC2, 0, 0, 0x0E])]
      try card.join(wanted, on: pair.nearIndex, for: 1)
      #expect(joined(pair.near).contains("0180c200000e × 1"))
      #expect(!joined(pair.near).contains { $0.hasPrefix("0180c2000003") })
      #expect(packetSockets(on: 0) == 1)
      try card.join(MembershipSet(), on: pair.nearIndex, for: 1)
      #expect(!joined(pair.near).contains { $0.hasPrefix("0180c2") })
      #expect(packetSockets(on: 0) == 0)
    }

    @Test("when the interface goes nothing is left, and one that takes its index begins anew")
    func interfaceGoes() throws {
      let card = try CardControl()
      var wanted = MembershipSet()
      wanted.groups = [Self.group]
      wanted.isPromiscuous = true
      do {
        let pair = try VethPair()
        try card.join(wanted, on: pair.nearIndex, for: 1)
      }
      try card.join(MembershipSet(), on: 999_999, for: 1)
      #expect(packetSockets(on: 0) == 0)
      let next = try VethPair()
      try card.join(wanted, on: next.nearIndex, for: 2)
      #expect(joined(next.near).contains("0180c2000003 × 1"))
    }
  }
}
