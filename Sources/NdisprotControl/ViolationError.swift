/// A protocol violation: the session is closed, because no reply is possible or safe.
///
/// An unknown opcode or a payload of the wrong shape is no violation: it gets an error reply
/// (`DecodeError`), and the session continues.
///
/// - Source: `NdisprotControl.docc/Protocol.md`
public enum ViolationError: Error, Equatable, Sendable {
  /// Fewer bytes than a header has.
  case messageTooShort(byteCount: Int)
  /// More bytes than a message may have; also if the kernel cut it.
  case messageTooLong(byteCount: Int)
  /// File descriptors were attached.
  case carriesDescriptors
  /// The header is of another version.
  case unsupportedVersion(UInt16)
  /// An undefined flag bit is set.
  case unknownFlags(UInt32)
  /// A request with the reply bit set.
  case replyBitInRequest
  /// A reply without the reply bit.
  case noReplyBitInReply
  /// A request with id 0, which is reserved for events.
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
    case .messageTooShort(let byteCount):
      Self.text("a message had ", byteCount, " bytes, less than a header")
    case .messageTooLong(let byteCount):
      Self.text(
        Self.text("a message had ", byteCount, " bytes or more; at most "),
        MessageHeader.maximumMessageByteCount, " are allowed")
    case .carriesDescriptors: "a message carried file descriptors"
    case .unsupportedVersion(let version):
      Self.text(
        Self.text("a message was of version ", Int(version), "; version "),
        Int(ProtocolVersion.current), " is spoken here")
    case .unknownFlags(let flags):
      Self.text("a header had unknown flags: 0x", Int(flags), "", radix: 16)
    case .replyBitInRequest: "a request had the reply bit set"
    case .noReplyBitInReply: "a reply lacked the reply bit"
    case .requestIDIsZero: "a request had id 0"
    case .unexpectedReply(let id):
      Self.text("a reply answered no request: id ", Int(truncatingIfNeeded: id), "")
    case .malformedReply(let opcode):
      Self.text("the reply of opcode ", Int(opcode), " had a wrong shape")
    }
  }

  /// One function for all of them: interpolation costs the C library five times the memory.
  @inline(never)
  private static func text(
    _ before: String, _ number: Int, _ after: String, radix: Int = 10
  ) -> String {
    before + String(number, radix: radix) + after
  }
}
