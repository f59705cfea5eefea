import NDIS
import NdisprotControl
import Testing

@Suite("records")
struct RecordTests {
  /// Reads all records and returns the frames; throws what the reader throws.
  static func frames(_ payload: [UInt8], _ count: UInt32) throws(DecodeError) -> [[UInt8]] {
    var reader = RecordReader(payload.span.bytes, recordCount: count)
    var frames: [[UInt8]] = []
    while let record = try reader.next() { frames.append(record.frame.array) }
    return frames
  }

  @Test("a payload cut anywhere is an error", arguments: 0..<Golden.records.count)
  func truncated(_ byteCount: Int) {
    #expect(throws: DecodeError.tooShort) {
      try Self.frames(Array(Golden.records.prefix(byteCount)), 2)
    }
    #expect(!areWellFormed(Array(Golden.records.prefix(byteCount)), 2))
  }

  @Test(
    "the count must be that of the records",
    arguments: [
      (UInt32(0), DecodeError.trailingBytes), (1, .trailingBytes), (3, .tooShort),
      (1 << 31, .tooShort), (.max, .tooShort),
    ])
  func count(_ count: UInt32, _ error: DecodeError) {
    #expect(throws: error) { try Self.frames(Golden.records, count) }
  }

  @Test(
    "a length that lies is an error, whatever it is",
    arguments: [
      UInt32(0), 1, 4, 8, 9, 15, 16, 17, 31, 33, 131_072, 131_073, 0x7FFF_FFFF, 0x8000_0000,
      0xFFFF_FFE8, 0xFFFF_FFF8, 0xFFFF_FFFF,
    ])
  func lyingLength(_ length: UInt32) {
    // 1…8 bytes still fill one word: another frame, but the same record.
    let isSameRecord = (1...8).contains(length)
    let payload = Golden.records.replacing(at: 0, length)
    #expect(areWellFormed(payload, 2) == isSameRecord)
  }

  @Test(
    "a negative count, or one beyond 32 bits, is not well formed", arguments: [-1, 1 << 32, .max])
  func impossibleCount(_ count: Int) {
    #expect(!areWellFormed(Golden.records, count))
  }

  @Test("no records are nothing")
  func empty() throws {
    #expect(try Self.frames([], 0).isEmpty)
    #expect(areWellFormed([], 0))
  }

  @Test("what is written is read, padded to 8 with zeros", arguments: 0..<20)
  func everyPadding(_ byteCount: Int) throws {
    var writer = RecordWriter(messageByteLimit: 256)
    let noise = [UInt8](repeating: 0xFF, count: 40)
    // A longer record first, so that the memory behind the second one is not zero.
    writer.mustAppend(noise)
    writer.removeAll()
    let frame = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 + 1) }
    writer.mustAppend(frame)
    let padded = 24 + (byteCount + 7) / 8 * 8
    let bytes = writer.records.array
    #expect(bytes.count == padded)
    #expect(bytes[(24 + byteCount)...].allSatisfy { $0 == 0 })
    #expect(try Self.frames(bytes, 1) == [frame])
  }

  @Test("a message is filled to its limit and not beyond")
  func limit() {
    var writer = RecordWriter()
    let frame = [UInt8](repeating: 7, count: 60)
    var appended = 0
    while writer.append(frame.span.bytes) { appended += 1 }
    #expect(appended == (131_072 - 40) / 88)
    let recordCount = writer.recordCount
    #expect(recordCount == UInt32(appended))
    let hasRoom = writer.hasRoom(forFrameOf: 60) || writer.hasRoom(forFrameOf: .max)
    #expect(!hasRoom)
    let records = writer.records.array
    #expect(records.count == 88 * appended)
    #expect(areWellFormed(records, appended))
  }

  @Test("sealing puts the header in front, with the count of the records")
  func seal() throws {
    var writer = RecordWriter()
    let frame = [UInt8](repeating: 7, count: 60)
    writer.mustAppend(frame)
    writer.mustAppend(frame)
    writer.seal(MessageHeader(.writeBatch, id: 77))
    let header = try MessageHeader(decodingRequest: writer.message)
    #expect(header.id == 77)
    #expect(header.count == 2)
  }
}
