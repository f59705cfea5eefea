public import NDIS

/// The first 40 bytes of every message.
///
/// - Shape: little-endian
///   ```
///    0 u16 version = 1   2 u16 opcode
///    4 u32 flags         bit 0 reply; bit 1 a reason is at the end of the payload
///    8 u64 id            the client's; 0 = event
///   16 u32 code          request: the sample's code; reply: NTSTATUS
///   20 u32 ndisStatus    reply
///   24 u32 errno         reply; 0 = success
///   28 u32 information   request: room for the reply; reply: as IoStatus.Information
///   32 u32 bytesNeeded   36 u32 count   records in the payload
///   ```
/// - Source: `NdisprotControl.docc/Protocol.md`
public struct MessageHeader: Hashable, Sendable {
  /// The length of a header.
  public static let byteCount = 40
  /// The most bytes of a message, header included, in either direction.
  public static let maximumMessageByteCount = 128 << 10
  /// The most bytes of a payload.
  public static let maximumPayloadByteCount = maximumMessageByteCount - byteCount
  /// The flag of a reply; a request has no flags.
  public static let replyFlag: UInt32 = 1
  /// The flag of a refusal whose payload ends with the reason, for clients that have the feature
  /// `reasons`.
  public static let reasonFlag: UInt32 = 2

  /// The operation; unknown ones are legal here and get an error reply.
  public var opcode: UInt16
  /// `replyFlag` or nothing.
  public var flags: UInt32 = 0
  /// The client's number for its request, repeated in the reply.
  public var id: UInt64
  /// Request: the sample's request code; reply: NTSTATUS.
  public var code: UInt32 = 0
  /// Reply: NDIS_STATUS.
  public var ndisStatus: UInt32 = 0
  /// Reply: the Linux error number, 0 for success.
  public var errno: UInt32 = 0
  /// Request: room for the reply; reply: bytes returned or moved.
  public var information: UInt32 = 0
  /// Reply: the room or the limit that would have been enough.
  public var bytesNeeded: UInt32 = 0
  /// The number of records in the payload.
  public var count: UInt32 = 0

  /// Makes the header of a request.
  public init(opcode: UInt16, id: UInt64) {
    self.opcode = opcode
    self.id = id
  }

  /// Makes the header of a request.
  public init(_ opcode: Opcode, id: UInt64) { self.init(opcode: opcode.rawValue, id: id) }

  /// Decodes a message of a client.
  ///
  /// - Throws: an error that closes the session
  /// - Complexity: O(1), no allocation
  public init(decodingRequest message: RawSpan) throws(ViolationError) {
    try self.init(decoding: message, flags: Self.replyFlag)
    guard flags & Self.replyFlag == 0 else { throw .replyBitInRequest }
    guard id != 0 else { throw .requestIDIsZero }
  }

  /// Decodes a message of a daemon: a reply, or an event, which has id 0.
  ///
  /// - Throws: an error that makes the client hang up
  /// - Complexity: O(1), no allocation
  public init(decodingReply message: RawSpan) throws(ViolationError) {
    try self.init(decoding: message, flags: Self.replyFlag | Self.reasonFlag)
    guard isReply || opcode == Opcode.event.rawValue else { throw .noReplyBitInReply }
  }

  private init(
    decoding message: RawSpan, flags known: UInt32
  ) throws(ViolationError) {
    let byteCount = message.byteCount
    guard byteCount >= Self.byteCount else { throw .messageTooShort(byteCount: byteCount) }
    guard byteCount <= Self.maximumMessageByteCount else {
      throw .messageTooLong(byteCount: byteCount)
    }
    unsafe self.init(uncheckedBytes: message)
    let version = unsafe UInt16(littleEndianIn: message, at: 0)
    guard version == ProtocolVersion.current else { throw .unsupportedVersion(version) }
    guard flags & ~known == 0 else { throw .unknownFlags(flags & ~known) }
  }

  /// Whether the reply bit is set.
  public var isReply: Bool { flags & Self.replyFlag != 0 }

  /// Whether the payload ends with the reason of a refusal.
  public var hasReason: Bool { flags & Self.reasonFlag != 0 }

  /// Why the request was refused: the rule and the missing right, or another reason of the daemon.
  ///
  /// - Parameters:
  ///   - payload: of the same message; after a WRITE_BATCH the reason follows the statuses
  ///   - isBare: whether the daemon sends it without the flag, as it does to a client without the
  ///     feature
  /// - Returns: the text; nil if there is none
  public func reason(in payload: RawSpan, isBare: Bool = false) -> String? {
    let start = Int(count) * FrameStatuses.statusByteCount
    guard hasReason || isBare, start < payload.byteCount else { return nil }
    let text = payload.extracting(droppingFirst: start)
    return unsafe text.withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) }
  }

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
