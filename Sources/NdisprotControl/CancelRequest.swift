internal import NDIS

/// The payload of CANCEL: the id of a request of the same session.
///
/// - Shape: `[id u64]`, 8 bytes
public struct CancelRequest: Hashable, Sendable {
  /// Bytes of the payload.
  public static let byteCount = 8

  /// The id of the request to cancel.
  public var id: UInt64

  /// Makes the payload.
  public init(id: UInt64) { self.id = id }

  /// Decodes a payload.
  public init(decoding payload: RawSpan) throws(DecodeError) {
    var reader = PayloadReader(payload)
    id = try reader.integer()
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: id)
    return bytes
  }
}
