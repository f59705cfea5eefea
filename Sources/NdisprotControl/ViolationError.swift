/// What breaks the protocol: the session is closed, no reply is possible or safe.
///
/// An unknown opcode or a payload of the wrong shape is none of these: it gets an error reply
/// (`DecodeError`), and the session lives.
///
/// - Source: `design.md` section 6
public enum ViolationError: Error, Equatable, Sendable {
  /// Fewer bytes than a header has.
  case messageTooShort(byteCount: Int)
  /// More bytes than a message may have; also when the kernel cut it.
  case messageTooLong(byteCount: Int)
  /// File descriptors came along.
  case carriesDescriptors
  /// The header is of another version.
  case unsupportedVersion(UInt16)
  /// A flag bit that means nothing.
  case unknownFlags(UInt32)
  /// A request with the reply bit set.
  case replyBitInRequest
  /// A reply without the reply bit.
  case noReplyBitInReply
  /// A request with id 0, which is the events'.
  case requestIDIsZero
  /// A reply that answers no pended request.
  case unexpectedReply(id: UInt64)
  /// A reply whose payload does not have the shape of its opcode.
  case malformedReply(opcode: UInt16)
}

extension ViolationError: CustomStringConvertible {
  /// The cause, for a log line.
  public var description: String {
    switch self {
    case .messageTooShort(let byteCount): "a message had \(byteCount) bytes, less than a header"
    case .messageTooLong(let byteCount):
      "a message had \(byteCount) bytes or more; "
        + "at most \(MessageHeader.maximumMessageByteCount) are allowed"
    case .carriesDescriptors: "a message carried file descriptors"
    case .unsupportedVersion(let version):
      "a message was of version \(version); version \(ProtocolVersion.current) is spoken here"
    case .unknownFlags(let flags): "a header had unknown flags: 0x" + String(flags, radix: 16)
    case .replyBitInRequest: "a request had the reply bit set"
    case .noReplyBitInReply: "a reply lacked the reply bit"
    case .requestIDIsZero: "a request had id 0"
    case .unexpectedReply(let id): "a reply answered no request: id \(id)"
    case .malformedReply(let opcode): "the reply of opcode \(opcode) had a wrong shape"
    }
  }
}
