import NDIS
import Testing

@Suite("FrameRecord")
struct FrameRecordTests {
  /// The drawing of the type's page, in bytes.
  private static let golden: [UInt8] = [
    0x3C, 0x00, 0x00, 0x00,  // length
    0x40, 0x00, 0x00, 0x00,  // originalLength
    0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,  // timestamp
    0x0D, 0x00, 0x00, 0x00,  // flags: truncated, looped, tag put back
    0x0D, 0x0C, 0x0B, 0x0A,  // lostBefore
  ]

  @Test("the fields lie in memory as they go over the control channel")
  func layout() {
    let record = FrameRecord(
      length: 60, originalLength: 64, timestamp: 0x0102_0304_0506_0708,
      flags: [.truncated, .looped, .tagPutBack], lostBefore: 0x0A0B_0C0D)
    let bytes = withUnsafeBytes(of: record) { Array($0) }
    #expect(bytes == Self.golden)
    #expect(FrameRecord.headerByteCount == 24)
  }

  @Test(
    "a record is padded to a multiple of 8",
    arguments: [(0, 24), (1, 32), (8, 32), (9, 40), (60, 88), (1_514, 1_544), (131_008, 131_032)])
  func byteCount(frame: Int, record: Int) {
    #expect(FrameRecord.byteCount(ofFrame: frame) == record)
    #expect(record % FrameRecord.alignment == 0)
  }

  @Test(
    "each flag has its bit",
    arguments: [
      (FrameRecord.Flags.truncated, 1), (.outgoing, 2), (.looped, 4), (.tagPutBack, 8),
      (.hardwareTime, 16),
    ] as [(FrameRecord.Flags, UInt32)])
  func flags(flag: FrameRecord.Flags, bit: UInt32) {
    #expect(flag.rawValue == bit)
  }

  @Test("the filter that OPEN_DEVICE sets is 0x0B, and the settable bits are five")
  func packetFilter() {
    #expect(PacketFilter.atOpen.rawValue == 0x0B)
    #expect(PacketFilter.supported.rawValue == 0x2F)
  }
}
