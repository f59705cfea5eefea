import NDIS
import NdisprotControl
import Testing

@Suite("MessageHeader")
struct HeaderTests {
  static let request = MessageHeader(.read, id: 1).encoded.array

  @Test("a request of exactly a header is decoded")
  func plain() throws {
    let header = try Self.request.decoded(MessageHeader.init(decodingRequest:))
    #expect(header == MessageHeader(.read, id: 1))
    #expect(!header.isReply)
  }

  @Test("A-75: a message shorter than a header is a violation", arguments: 0..<40)
  func short(_ byteCount: Int) {
    #expect(throws: ViolationError.messageTooShort(byteCount: byteCount)) {
      try Array(Self.request.prefix(byteCount)).decoded(MessageHeader.init(decodingRequest:))
    }
  }

  @Test("A-75: a message of 128 KiB is the longest", arguments: [131_072, 131_073])
  func long(_ byteCount: Int) throws {
    let message = Self.request + [UInt8](repeating: 0, count: byteCount - 40)
    if byteCount == 131_072 {
      #expect(try message.decoded(MessageHeader.init(decodingRequest:)).id == 1)
    } else {
      #expect(throws: ViolationError.messageTooLong(byteCount: byteCount)) {
        try message.decoded(MessageHeader.init(decodingRequest:))
      }
    }
  }

  @Test("A-75: another version is a violation", arguments: [UInt16(0), 2, 0x8000, 0xFFFF])
  func version(_ version: UInt16) {
    #expect(throws: ViolationError.unsupportedVersion(version)) {
      try Self.request.replacing(at: 0, version).decoded(MessageHeader.init(decodingRequest:))
    }
  }

  @Test("an unknown flag bit is a violation", arguments: 1..<32)
  func unknownFlag(_ bit: UInt32) {
    let bytes = Self.request.replacing(at: 4, UInt32(1) << bit)
    #expect(throws: ViolationError.unknownFlags(1 << bit)) {
      try bytes.decoded(MessageHeader.init(decodingRequest:))
    }
    guard bit > 1 else { return }
    #expect(throws: ViolationError.unknownFlags(1 << bit)) {
      try bytes.decoded(MessageHeader.init(decodingReply:))
    }
  }

  @Test("a reply with the reason bit ends with the reason, behind its statuses")
  func reason() throws {
    let statuses = CompletionStatus.success.encoded + CompletionStatus.notPermitted.encoded
    let payload = statuses + Array("rule 'x' does not give write".utf8)
    var header = MessageHeader(.writeBatch, id: 1)
    header.flags = MessageHeader.replyFlag | MessageHeader.reasonFlag
    header.count = 2
    let bytes = header.encoded
    let decoded = try bytes.indices.map { bytes[$0] }.decoded(MessageHeader.init(decodingReply:))
    #expect(decoded.reason(in: payload.span.bytes) == "rule 'x' does not give write")
    #expect(try FrameStatuses(payload.span.bytes, of: decoded).firstFailure == 1)
    // A message that claims more statuses than it has: no reason, and no reading behind its end.
    header.count = .max
    #expect(header.reason(in: payload.span.bytes) == nil)
    #expect(throws: DecodeError.tooShort) {
      _ = try FrameStatuses(payload.span.bytes, of: header).count
    }
    header.count = 0
    #expect(header.reason(in: [0xC0, 0xC1].span.bytes) == nil)
    header.flags = MessageHeader.replyFlag
    #expect(header.reason(in: payload.span.bytes) == nil)
  }

  @Test("the reply bit belongs to replies, and id 0 to events")
  func direction() throws {
    let reply = Self.request.replacing(at: 4, UInt32(1))
    #expect(throws: ViolationError.replyBitInRequest) {
      try reply.decoded(MessageHeader.init(decodingRequest:))
    }
    #expect(throws: ViolationError.noReplyBitInReply) {
      try Self.request.decoded(MessageHeader.init(decodingReply:))
    }
    #expect(throws: ViolationError.requestIDIsZero) {
      try Self.request.replacing(at: 8, UInt64(0)).decoded(MessageHeader.init(decodingRequest:))
    }
    let event = MessageHeader(.event, id: 0).encoded.array
    #expect(try event.decoded(MessageHeader.init(decodingReply:)).id == 0)
  }

  @Test(
    "every other field takes every value",
    arguments: [UInt32(0), 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF],
    [2, 8, 12, 16, 20, 24, 28, 32, 36])
  func everyField(_ value: UInt32, _ offset: Int) throws {
    let bytes =
      offset == 2
      ? Self.request.replacing(at: offset, UInt16(truncatingIfNeeded: value))
      : Self.request.replacing(at: offset, value)
    guard bytes[8..<16].contains(where: { $0 != 0 }) else { return }
    #expect(try bytes.decoded(MessageHeader.init(decodingRequest:)).encoded.array == bytes)
  }

  @Test("an opcode unknown here is decoded: it gets an error reply, not a closed session")
  func unknownOpcode() throws {
    let bytes = Self.request.replacing(at: 2, UInt16(15))
    let header = try bytes.decoded(MessageHeader.init(decodingRequest:))
    #expect(header.opcode == 15)
    #expect(Opcode(rawValue: header.opcode) == nil)
  }

  @Test(
    "every row of the status table survives the header",
    arguments: CompletionStatus.table.map(\.status))
  func completion(_ status: CompletionStatus) throws {
    var header = MessageHeader(.write, id: 9)
    header.flags = MessageHeader.replyFlag
    header.completion = status
    #expect(
      try header.encoded.array.decoded(MessageHeader.init(decodingReply:)).completion == status)
  }

  @Test("every violation says its cause in words")
  func words() {
    #expect("\(ViolationError.unknownFlags(0x30))" == "a header had unknown flags: 0x30")
    #expect("\(ViolationError.messageTooShort(byteCount: 3))".contains("3 bytes"))
  }
}
