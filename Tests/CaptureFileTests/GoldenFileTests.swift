import CaptureFile
import MDL
import Testing

@Suite("Capture files, byte for byte")
struct GoldenFileTests {
  private static let interface = {
    var interface = CaptureInterface(name: "np0")
    interface.description = "up"
    interface.address = MACAddress([2, 0, 0, 0, 0, 1])
    interface.speed = 10_000_000_000
    return interface
  }()
  private static let frame = CaptureFrame(
    timestamp: 0x0102_0304_0506_0708, originalLength: 60, direction: .outbound,
    reception: .multicast, dropCount: 3)

  /// A section, an interface, a frame of five bytes, statistics; each word of a block stands alone.
  private static let pcapng = hex(
    """
    0a0d0d0a 30000000 4d3c2b1a 0100 0000 ffffffffffffffff
      0300 0100 4c000000  0400 0100 70000000  00000000  30000000
    01000000 48000000 0100 0000 00000400
      0200 0300 6e703000  0300 0200 75700000  0600 0600 020000000001 0000
      0800 0800 00e40b5402000000  0900 0100 09000000  00000000  48000000
    06000000 40000000 00000000 04030201 08070605 05000000 3c000000
      aabbccddee 000000  0200 0400 0a000000  0400 0800 0300000000000000  00000000  40000000
    05000000 64000000 00000000 00000000 07000000
      0200 0800 0000000005000000  0300 0800 0000000007000000  0400 0800 0900000000000000
      0500 0800 0400000000000000  0600 0800 0800000000000000  0700 0800 0100000000000000
      00000000  64000000
    """)

  private static let pcap = hex(
    """
    4d3cb2a1 0200 0400 00000000 00000000 00000400 01000000
    15000000 05b29400 05000000 3c000000 aabbccddee
    """)

  @Test("a pcapng file is written as the standard draws it")
  func writesPcapng() {
    var writer = CaptureWriter(.pcapng)
    writer.appendHead([Self.interface], program: "p", system: "L")
    writer.append(Self.frame, bytes: [0xAA, 0xBB, 0xCC, 0xDD, 0xEE])
    var totals = CaptureTotals(interface: 0)
    (totals.start, totals.end, totals.received) = (5, 7, 9)
    (totals.dropped, totals.accepted, totals.droppedByKernel) = (4, 8, 1)
    writer.append(totals)
    #expect(writer.array == Self.pcapng)
  }

  @Test("the same bytes are read as what was written")
  func readsPcapng() {
    let reading = Reading(Self.pcapng)
    #expect(reading.error == nil && reading.format == .pcapng)
    #expect(reading.interfaces == [Self.interface])
    #expect(reading.frames == [Self.frame])
    #expect(reading.bytes == [[0xAA, 0xBB, 0xCC, 0xDD, 0xEE]])
  }

  @Test("a pcap file is written with nanoseconds, and read again")
  func pcap() {
    var writer = CaptureWriter(.pcap)
    writer.appendHead([Self.interface], program: "p", system: "L")
    let frame = CaptureFrame(timestamp: 21_009_744_901, originalLength: 60)
    writer.append(frame, bytes: [0xAA, 0xBB, 0xCC, 0xDD, 0xEE])
    #expect(writer.array == Self.pcap)
    let reading = Reading(Self.pcap)
    #expect(reading.error == nil && reading.format == .pcap)
    #expect(reading.frames == [frame] && reading.bytes.first?.count == 5)
  }

  @Test("both byte orders of pcapng mean the same", arguments: [false, true])
  func byteOrders(isBigEndian: Bool) {
    var file = Bytes(bigEndian: isBigEndian)
    file.section()
    file.interface {
      $0.option(2, Array("eth0".utf8))
      $0.option(9, [9])
    }
    file.packet(time: 1_000_000_000_123_456_789, [1, 2, 3])
    let reading = Reading(file.all)
    #expect(reading.error == nil && reading.bytes == [[1, 2, 3]])
    #expect(reading.frames.first?.timestamp == 1_000_000_000_123_456_789)
    #expect(reading.interfaces.first?.name == "eth0")
  }

  @Test(
    "pcap of both byte orders and units means the same", arguments: [false, true], [false, true])
  func pcapForms(isBigEndian: Bool, isNano: Bool) {
    var file = Bytes(bigEndian: isBigEndian)
    file.add((isNano ? 0xA1B2_3C4D : 0xA1B2_C3D4) as UInt32)
    file.add(2, 4 as UInt16)
    file.add(0, 0, 65_535, 1 as UInt32)
    file.add(7, isNano ? 9_000 : 9, 2, 2 as UInt32)
    file.all += [5, 6]
    let reading = Reading(file.all)
    #expect(reading.error == nil && reading.bytes == [[5, 6]])
    #expect(reading.frames.first?.timestamp == 7_000_009_000)
  }

  @Test(
    "times have the unit that the interface says",
    arguments: [
      (0, 5, 5_000_000_000), (3, 5, 5_000_000), (6, 5, 5_000), (9, 5, 5), (12, 5_000, 5),
      (40, 5, 0), (0x80 | 1, 5, 2_500_000_000), (0x80 | 64, 1 << 63, 500_000_000),
      (0x80 | 127, 5, 0),
      (0, .max, .max),
    ] as [(UInt8, UInt64, UInt64)])
  func resolutions(resolution: UInt8, units: UInt64, nanoseconds: UInt64) {
    var file = Bytes()
    file.section()
    file.interface { $0.option(9, [resolution]) }
    file.packet(time: units, [1])
    #expect(Reading(file.all).frames.first?.timestamp == nanoseconds)
  }

  @Test(
    "an offset in seconds is added to times, and takes them neither below nor above what there is")
  func offsets() {
    func time(_ offset: Int64, _ units: UInt64) -> UInt64? {
      var file = Bytes()
      file.section()
      file.interface {
        $0.option(9, [9])
        var value = Bytes()
        value.add(offset)
        $0.option(14, value.all)
      }
      file.packet(time: units, [1])
      return Reading(file.all).frames.first?.timestamp
    }
    #expect(time(2, 5) == 2_000_000_005)
    #expect(time(-2, 5) == 0)
    #expect(time(-2, 3_000_000_000) == 1_000_000_000)
    #expect(time(.max, 5) == .max)
    #expect(time(.min, 5) == 0)
  }

  @Test("simple and obsolete packet blocks, unknown blocks and a second section are read")
  func otherBlocks() {
    var file = Bytes()
    file.section()
    file.interface()
    file.block(0x0BAD) { $0.all += [UInt8](repeating: 7, count: 600_000) }
    file.block(3) {
      $0.add(3 as UInt32)
      $0.all += [1, 2, 3]
    }
    file.block(2) {
      $0.add(0, 9 as UInt16)
      $0.add(0, 4, 2, 2 as UInt32)
      $0.all += [4, 5, 0, 0]
    }
    file.section()
    file.interface()
    file.packet(0, [6])
    let reading = Reading(file.all)
    #expect(reading.error == nil && reading.bytes == [[1, 2, 3], [4, 5], [6]])
    #expect(reading.frames[1].dropCount == 9 && reading.frames[1].timestamp == 4_000)
    #expect(reading.interfaces.count == 1)
  }
}
