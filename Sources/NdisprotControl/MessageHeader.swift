public import NDIS

/// The first 40 bytes of every message.
///
/// - Shape: little-endian
///   ```
///    0 u16 version = 1   2 u16 opcode
///    4 u32 flags         bit 0 reply
///    8 u64 id            the client's; 0 = event
///   16 u32 code          request: the sample's code; reply: NTSTATUS
///   20 u32 ndisStatus    reply
///   24 u32 errno         reply; 0 = success
///   28 u32 information   request: room for the reply; reply: as IoStatus.Information
///   32 u32 bytesNeeded   36 u32 count   records in the payload
///   ```
/// - Source: `design.md` section 6
public struct MessageHeader: Hashable, Sendable {
  /// Bytes of a header.
  public static let byteCount = 40
  /// Bytes a message may have, header included, either way.
  public static let maximumMessageByteCount = 128 << 10
  /// Bytes a payload may have.
  public static let maximumPayloadByteCount = maximumMessageByteCount - byteCount
  /// The flag of a reply; no other has a meaning in version 1.
  public static let replyFlag: UInt32 = 1

  /// What is asked or answered; unknown ones are legal here and get an error reply.
  public var opcode: UInt16
  /// `replyFlag` or nothing.
  public var flags: UInt32 = 0
  /// The number by which the client knows its request again.
  public var id: UInt64
  /// Request: the sample's request code; reply: NTSTATUS.
  public var code: UInt32 = 0
  /// Reply: NDIS_STATUS.
  public var ndisStatus: UInt32 = 0
  /// Reply: the Linux error number, 0 for success.
  public var errno: UInt32 = 0
  /// Request: room for the reply; reply: bytes returned or moved.
  public var information: UInt32 = 0
  /// Reply: the room or the limit that would have been right.
  public var bytesNeeded: UInt32 = 0
  /// How many records the payload has.
  public var count: UInt32 = 0

  /// Makes the header of a request.
  public init(opcode: UInt16, id: UInt64) {
    self.opcode = opcode
    self.id = id
  }

  /// Makes the header of a request.
  public init(_ opcode: Opcode, id: UInt64) { self.init(opcode: opcode.rawValue, id: id) }

  /// Decodes what a client sent.
  ///
  /// - Throws: what closes the session
  /// - Complexity: O(1), no allocation
  public init(decodingRequest message: RawSpan) throws(ViolationError) {
    try self.init(decoding: message)
    guard flags & Self.replyFlag == 0 else { throw .replyBitInRequest }
    guard id != 0 else { throw .requestIDIsZero }
  }

  /// Decodes what a daemon sent: a reply, or an event, which has id 0.
  ///
  /// - Throws: what makes the client hang up
  /// - Complexity: O(1), no allocation
  public init(decodingReply message: RawSpan) throws(ViolationError) {
    try self.init(decoding: message)
    guard isReply || opcode == Opcode.event.rawValue else { throw .noReplyBitInReply }
  }

  private init(decoding message: RawSpan) throws(ViolationError) {
    let byteCount = message.byteCount
    guard byteCount >= Self.byteCount else { throw .messageTooShort(byteCount: byteCount) }
    guard byteCount <= Self.maximumMessageByteCount else {
      throw .messageTooLong(byteCount: byteCount)
    }
    unsafe self.init(uncheckedBytes: message)
    let version = unsafe UInt16(littleEndianIn: message, at: 0)
    guard version == ProtocolVersion.current else { throw .unsupportedVersion(version) }
    guard flags & ~Self.replyFlag == 0 else { throw .unknownFlags(flags & ~Self.replyFlag) }
  }

  /// Whether the reply bit is set.
  public var isReply: Bool { flags & Self.replyFlag != 0 }

  /// How the request ended: the three status fields of a reply.
  public var completion: CompletionStatus {
    get {
      CompletionStatus(
        NTStatus(rawValue: code), NDISStatus(rawValue: ndisStatus),
        Int32(truncatingIfNeeded: errno))
    }
    set {
      code = newValue.ntStatus.rawValue
      ndisStatus = newValue.ndisStatus.rawValue
      errno = UInt32(bitPattern: newValue.errno)
    }
  }
}
