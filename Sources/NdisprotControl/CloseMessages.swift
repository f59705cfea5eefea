internal import NDIS

/// What the command `close` ends: one session, or all sessions of a user.
///
/// - Shape: `[session u64][user u32][flags u32]`
public struct CloseRequest: Hashable, Sendable {
  /// The sessions to end.
  public enum Target: Hashable, Sendable {
    /// The session of this number, which is not 0.
    case session(UInt64)
    /// Every session of a user.
    case user(UInt32)
  }

  /// The sessions to end.
  public var target: Target
  /// Whether only their opens end.
  public var isOpenOnly: Bool

  private static let openOnly: UInt32 = 1

  /// Makes a request.
  public init(_ target: Target, isOpenOnly: Bool = false) {
    self.target = target
    self.isOpenOnly = isOpenOnly
  }

  init(from reader: inout PayloadReader) throws(DecodeError) {
    let session: UInt64 = try reader.integer()
    let user: UInt32 = try reader.integer()
    let flags: UInt32 = try reader.integer()
    guard flags & ~Self.openOnly == 0, session == 0 || user == 0 else { throw .invalidValue }
    target = session == 0 ? .user(user) : .session(session)
    isOpenOnly = flags != 0
  }

  /// The bytes after the command.
  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    switch target {
    case .session(let number):
      bytes.append(littleEndian: number)
      bytes.append(zeros: 4)
    case .user(let number):
      bytes.append(zeros: 8)
      bytes.append(littleEndian: number)
    }
    bytes.append(littleEndian: isOpenOnly ? Self.openOnly : 0)
    return bytes
  }
}

/// The reply to the command `close`.
///
/// - Shape: `[count u32][zero u32]`
public struct CloseReply: Hashable, Sendable {
  /// How many sessions, or opens, were ended.
  public var count: UInt32

  /// Makes a reply.
  public init(count: UInt32) { self.count = count }

  /// Decodes a payload.
  public init(decoding payload: RawSpan) throws(DecodeError) {
    var reader = PayloadReader(payload)
    count = try reader.integer()
    try reader.zeros(4)
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: count)
    bytes.append(zeros: 4)
    return bytes
  }
}
