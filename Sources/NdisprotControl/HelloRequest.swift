internal import NDIS

/// The payload of HELLO: the client's versions and features.
///
/// - Shape: `[minimumVersion u16][maximumVersion u16][zero u32][features u64]`, 16 bytes
public struct HelloRequest: Hashable, Sendable {
  /// Bytes of the payload.
  public static let byteCount = 16
  /// The oldest version the client speaks.
  public var minimumVersion: UInt16
  /// The newest version the client speaks.
  public var maximumVersion: UInt16
  /// The client's optional features: ``ProtocolFeatures``.
  public var features: UInt64

  /// Creates the payload of a client of this version.
  public init(
    minimumVersion: UInt16 = ProtocolVersion.current,
    maximumVersion: UInt16 = ProtocolVersion.current,
    features: UInt64 = ProtocolFeatures.all.rawValue
  ) {
    self.minimumVersion = minimumVersion
    self.maximumVersion = maximumVersion
    self.features = features
  }

  /// Decodes a payload; unknown feature bits are kept and ignored.
  public init(decoding payload: RawSpan) throws(DecodeError) {
    var reader = PayloadReader(payload)
    minimumVersion = try reader.integer()
    maximumVersion = try reader.integer()
    try reader.zeros(4)
    features = try reader.integer()
    try reader.end()
    guard minimumVersion <= maximumVersion else { throw .invalidValue }
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: minimumVersion)
    bytes.append(littleEndian: maximumVersion)
    bytes.append(zeros: 4)
    bytes.append(littleEndian: features)
    return bytes
  }
}

/// The payload of HELLO's reply: the negotiated version and features.
///
/// - Shape: `[version u16][zero u16][maximumMessage u32][features u64]`, 16 bytes
public struct HelloReply: Hashable, Sendable {
  /// Bytes of the payload.
  public static let byteCount = 16

  /// The version of every further message.
  public var version: UInt16
  /// The most bytes of a message, header included, in either direction.
  public var maximumMessageByteCount: UInt32
  /// The client's features that the daemon has, too.
  public var features: UInt64

  /// Makes the payload.
  public init(version: UInt16, maximumMessageByteCount: UInt32, features: UInt64) {
    self.version = version
    self.maximumMessageByteCount = maximumMessageByteCount
    self.features = features
  }

  /// Decodes a payload.
  public init(decoding payload: RawSpan) throws(DecodeError) {
    var reader = PayloadReader(payload)
    version = try reader.integer()
    try reader.zeros(2)
    maximumMessageByteCount = try reader.integer()
    features = try reader.integer()
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: version)
    bytes.append(zeros: 2)
    bytes.append(littleEndian: maximumMessageByteCount)
    bytes.append(littleEndian: features)
    return bytes
  }
}
