import FoundationEssentials
import MDL
import NDIS
import TestSupport
import Testing

@testable import Miniport

/// What a card's driver and the kernel say of it, from bytes.
@Suite("What a card says")
struct CardDecoderTests {
  /// RTM_NEWSTATS with IFLA_STATS_LINK_64, as a little-endian kernel writes it: counter n is n + 1.
  private static let golden: [UInt8] =
    [0xE8, 0, 0, 0, 0x5C, 0, 0, 0, 7, 0, 0, 0, 0x2A, 0, 0, 0]  // 232 bytes, NEWSTATS, #7
    + [0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0]  // index 5, filter mask
    + [0xCC, 0, 1, 0]  // LINK_64 of 25 counters
    + (1...25).flatMap { [UInt8($0), 0, 0, 0, 0, 0, 0, 0x80] }

  private static func content(_ bytes: [UInt8]) -> NetlinkMessage.Content? {
    NetlinkDecoderTests.decode(bytes).messages.first?.content
  }

  @Test("the golden bytes are the counters, each in its place")
  func statistics() throws {
    let content = try #require(Self.content(Self.golden))
    guard case .statistics(let found, 5) = content else {
      Issue.record("\(content) are no counters of interface 5")
      return
    }
    let high = UInt64(0x80) << 56
    #expect(found.receivedFrames == high | 1 && found.sentFrames == high | 2)
    #expect(found.receivedBytes == high | 3 && found.sentBytes == high | 4)
    #expect(found.receiveErrors == high | 5 && found.sendErrors == high | 6)
    #expect(found.receiveDropped == high | 7 && found.sendDropped == high | 8)
    #expect(found.receivedMulticastFrames == high | 9 && found.collisions == high | 10)
    #expect(found.receiveCRCErrors == high | 13 && found.receiveFrameErrors == high | 14)
    #expect(found.receiveFIFOErrors == high | 15 && found.receiveMissed == high | 16)
    #expect(found.sendAborted == high | 17 && found.sendCarrierErrors == high | 18)
    #expect(found.sendFIFOErrors == high | 19 && found.sendHeartbeatErrors == high | 20)
    #expect(found.sendWindowErrors == high | 21)
  }

  @Test("counters that an older kernel does not have are 0")
  func fewer() {
    var bytes = Array(Self.golden.prefix(28 + 4 + 16))
    (bytes[0], bytes[28]) = (48, 20)
    var expected = InterfaceStatistics()
    expected.receivedFrames = 0x80 << 56 | 1
    expected.sentFrames = 0x80 << 56 | 2
    #expect(Self.content(bytes) == .statistics(expected, interfaceIndex: 5))
  }

  @Test("without the attribute it is nothing that was asked for")
  func other() {
    var bytes = Self.golden
    bytes[30] = 2
    #expect(Self.content(bytes) == .other)
  }

  @Test("cut at any length, or with any byte at any value, it is no trap")
  func hostile() {
    for count in 0..<Self.golden.count {
      var bytes = Array(Self.golden.prefix(count))
      #expect(NetlinkDecoderTests.decode(bytes).messages.isEmpty)
      if count > 15 { bytes[0] = UInt8(count) }
      _ = NetlinkDecoderTests.decode(bytes)
    }
    for offset in 0..<40 {
      for value in [0, 1, 3, 4, 0x7F, 0x80, 0xFF] as [UInt8] {
        var bytes = Self.golden
        bytes[offset] = value
        _ = NetlinkDecoderTests.decode(bytes)
      }
    }
  }

  // MARK: ethtool

  /// ETHTOOL_GLINKSETTINGS: 1000 Mbit/s, full, negotiated, masks of two words; 10G and 1G supported.
  private static let settings: [UInt8] =
    [0x4C, 0, 0, 0, 0xE8, 3, 0, 0, 1, 0, 0, 1, 0, 0, 0, 2] + [UInt8](repeating: 0, count: 32)
    + [0x20, 0x10, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 16)

  @Test("the golden bytes are a link of 1 Gbit/s that could have ten")
  func link() {
    let link = EthtoolSettings.link(Self.settings.span.bytes)
    #expect(link.bitsPerSecond == 1_000_000_000)
    #expect(link.maximumBitsPerSecond == 10_000_000_000)
    #expect(link.duplex == .full && link.autoNegotiation == .mode && link.pause == .unknown)
  }

  @Test(
    "a speed that the driver does not know is unknown",
    arguments: [[0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF]] as [[UInt8]])
  func unknownSpeed(bytes: [UInt8]) {
    var settings = Array(Self.settings.prefix(48))
    settings.replaceSubrange(4..<8, with: bytes)
    settings[8] = 0xFF
    settings[11] = 0
    settings[15] = 0
    #expect(EthtoolSettings.link(settings.span.bytes) == LinkSettings())
  }

  @Test("cut at any length, or with any byte at any value, settings are no trap")
  func hostileSettings() {
    for count in 0...Self.settings.count {
      let bytes = Array(Self.settings.prefix(count))
      _ = EthtoolSettings.link(bytes.span.bytes)
      _ = EthtoolSettings.pause(bytes.span.bytes)
    }
    for offset in Self.settings.indices {
      for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
        var bytes = Self.settings
        bytes[offset] = value
        _ = EthtoolSettings.link(bytes.span.bytes)
      }
    }
  }

  @Test(
    "pause frames are sent, obeyed, both or none",
    arguments: [
      (0, 0, .unsupported), (1, 0, .receiveOnly), (0, 1, .sendOnly), (1, 1, .sendAndReceive),
    ] as [(UInt8, UInt8, PauseFunctions)])
  func pause(receives: UInt8, sends: UInt8, functions: PauseFunctions) {
    let bytes: [UInt8] = [0x12, 0, 0, 0, 1, 0, 0, 0, receives, 0, 0, 0, sends, 0, 0, 0]
    let found = EthtoolSettings.pause(bytes.span.bytes)
    #expect(found.functions == functions && found.isNegotiated)
  }

  @Test("every link mode that the kernel's header names has the speed of its name")
  func linkModes() throws {
    let header = try String(
      contentsOf: URL(filePath: "/usr/include/linux/ethtool.h"), encoding: .utf8)
    var count = 0
    for line in header.split(separator: "\n") where line.contains("ETHTOOL_LINK_MODE_") {
      // `ETHTOOL_LINK_MODE_1000baseT_Full_BIT = 5,`
      let sides = line.split(separator: "=")
      guard sides.count == 2, let name = sides[0].split(separator: "_").dropFirst(3).first,
        let base = name.firstRange(of: "base"), let speed = UInt64(name[..<base.lowerBound]),
        let mode = Int(sides[1].filter(\.isNumber))
      else { continue }
      count += 1
      var mask = [UInt8](repeating: 0, count: 16)
      mask[mode / 8] = 1 << UInt8(mode % 8)
      #expect(LinkModes.maximumSpeed(mask.span.bytes) == speed, "\(line)")
    }
    #expect(count >= 80)
    let ports: [UInt8] = [0xC0, 0x27, 0, 0]
    #expect(LinkModes.maximumSpeed(ports.span.bytes) == nil)
  }
}
