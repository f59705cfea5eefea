public import NDIS

/// The bytes of QUERY_OID_VALUE and SET_OID_VALUE, in and out.
///
/// - Shape: `[OID u32][port u32][value …]`; declared with 4 bytes of value, so 12
/// - Windows: NDISPROT_QUERY_OID, NDISPROT_SET_OID
/// - Source: `Ndisprot.docc/Rules.md` sections 4.5, 4.6
public struct OIDMessage: Hashable, Sendable {
  /// The length of the fields before the value.
  public static let headerByteCount = 8
  /// The room for output that a query must give (rule Q-28).
  public static let minimumByteCount = 12

  /// The property.
  public var oid: OID
  /// The port; only 0 exists here.
  public var port: UInt32
  /// The value: empty in a query's input.
  public var value: [UInt8]

  /// Makes a request or its answer.
  public init(oid: OID, port: UInt32 = 0, value: [UInt8] = []) {
    self.oid = oid
    self.port = port
    self.value = value
  }

  /// Decodes a payload; everything after the header is the value.
  public init(decoding payload: RawSpan) throws(DecodeError) {
    var reader = PayloadReader(payload)
    oid = OID(rawValue: try reader.integer())
    port = try reader.integer()
    value = try reader.take(reader.remainingByteCount).array
  }

  /// Decodes the value alone, for a client that knows what it asked.
  public static func value(decoding payload: RawSpan) throws(DecodeError) -> [UInt8] {
    guard payload.byteCount >= headerByteCount else { throw .tooShort }
    return payload.extracting(droppingFirst: headerByteCount).array
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(OIDMessage.headerByteCount + value.count)
    bytes.append(littleEndian: oid.rawValue)
    bytes.append(littleEndian: port)
    bytes.append(contentsOf: value)
    return bytes
  }
}
