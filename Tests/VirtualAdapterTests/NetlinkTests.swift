import CLinux
import NdisprotClient
import Testing

@testable import VirtualAdapter

@Suite("Netlink of the adapter")
struct NetlinkTests {
  @Test("a request has its length, its body, and attributes aligned to four bytes")
  func request() {
    var request = NetlinkRequest(linkIndex: 7, flags: 1, change: 1)
    request.append(UInt16(IFLA_ADDRESS), MACAddress([2, 0, 0, 0, 0, 0xA]))
    request.append(UInt16(IFLA_MTU), number: 1400)
    let bytes = request.sealed
    #expect(bytes.native(UInt32.self, at: 0) == UInt32(bytes.count))
    #expect(bytes.native(UInt16.self, at: 4) == UInt16(RTM_NEWLINK))
    // NLM_F_REQUEST | NLM_F_ACK
    #expect(bytes.native(UInt16.self, at: 6) == 5)
    #expect(bytes.native(UInt32.self, at: 20) == 7)
    #expect(bytes.native(UInt32.self, at: 24) == 1)
    #expect(bytes.native(UInt16.self, at: 32) == 10)
    #expect(Array(bytes[36..<44]) == [2, 0, 0, 0, 0, 0xA, 0, 0])
    #expect(bytes.native(UInt16.self, at: 44) == 8)
    #expect(bytes.native(UInt32.self, at: 48) == 1400)
    #expect(bytes.count == 52)
  }

  @Test("an attribute around others has the length of all of them")
  func nested() {
    var request = NetlinkRequest(linkIndex: 1)
    request.append(18, nested: { $0.append(1, text: "veth") })
    let bytes = request.sealed
    #expect(bytes.native(UInt16.self, at: 32) == UInt16(16))
    #expect(bytes.native(UInt16.self, at: 36) == 9)
    #expect(bytes.native(UInt32.self, at: 0) == 48)
  }

  /// A message about a link as the kernel sends it.
  private func news(_ type: Int, index: UInt32, _ attributes: [(Int, UInt32)]) -> [UInt8] {
    var request = NetlinkRequest(linkIndex: index)
    for (type, value) in attributes { request.append(UInt16(type), number: value) }
    var bytes = request.sealed
    bytes[4] = UInt8(type)
    return bytes
  }

  @Test("news of several links in one datagram is read in order")
  func several() {
    let datagram =
      news(16, index: 7, [(IFLA_MTU, 1400), (IFLA_PROMISCUITY, 2)]) + news(17, index: 9, [])
    #expect(
      LinkNews.all(in: datagram) == [
        LinkNews(interfaceIndex: 7, promiscuity: 2, mtu: 1400),
        LinkNews(interfaceIndex: 9, isGone: true),
      ])
  }

  @Test("a datagram that is cut anywhere is read as far as it goes, and never beyond")
  func cut() {
    let datagram = news(16, index: 7, [(IFLA_MTU, 1400), (IFLA_PROMISCUITY, 2)])
    for length in datagram.indices {
      #expect(LinkNews.all(in: Array(datagram[..<length])).isEmpty)
    }
    // Lengths that lie.
    for byte in [0, 1, 32, 36, 40] {
      var wrong = datagram
      wrong[byte] = 0xFF
      for news in LinkNews.all(in: wrong) { #expect(news.interfaceIndex == 7) }
    }
  }
}

@Suite("GroupList")
struct GroupListTests {
  @Test("groups are those of one interface, each once, whatever its name is")
  func groups() {
    let text = """
      7    np0             1     0     01005e000001
      7    np0             1     0     0180c2000003
      7    np0             1     0     0180c2000003
      71   other           1     0     0180c200000e
      7    np0             1     0     0180c2
      7    np0             1     0     0180c20000zz
      """
    #expect(
      GroupList.groups(in: text, of: 7).map(\.description) == [
        "01:00:5e:00:00:01", "01:80:c2:00:00:03",
      ])
    #expect(GroupList.groups(in: text, of: 8).isEmpty)
  }
}

@Suite("UserMap")
struct UserMapTests {
  @Test("ranges are the user's own, by name or number, at most 65,535 numbers together")
  func ranges() {
    let text = """
      other:100000:65536
      joe:200000:60000
      1000:300000:10000
      joe:broken:5
      joe:1
      """
    let ranges = UserMap.ranges(in: text, user: 1000, name: "joe")
    #expect(
      ranges == [
        UserMap.Range(first: 200_000, count: 60_000), UserMap.Range(first: 300_000, count: 5_535),
      ])
    #expect(UserMap.ranges(in: text, user: 1, name: nil).isEmpty)
  }
}
