public import NDIS

/// The payload of SUBSCRIBE: which events the session wants from now on.
///
/// A second one takes the place of the first; no kind at all ends the subscription.
///
/// - Shape: `[kinds u32][interfaceIndex u32]`, 8 bytes
/// - Source: D-6
public struct SubscribeRequest: Hashable, Sendable {
  /// Bytes of the payload.
  public static let byteCount = 8

  /// Bit n is the kind of raw value n; bits without a meaning are refused.
  public var kinds: EventKindSet
  /// Only events of this interface, and those of the daemon; 0 wants all.
  public var interfaceIndex: UInt32

  /// Makes the payload.
  public init(kinds: EventKindSet = .all, interfaceIndex: UInt32 = 0) {
    self.kinds = kinds
    self.interfaceIndex = interfaceIndex
  }

  /// Decodes a payload.
  public init(decoding payload: RawSpan) throws(DecodeError) {
    var reader = PayloadReader(payload)
    kinds = EventKindSet(rawValue: try reader.integer())
    guard kinds.isSubset(of: .all) else { throw .invalidValue }
    interfaceIndex = try reader.integer()
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: kinds.rawValue)
    bytes.append(littleEndian: interfaceIndex)
    return bytes
  }
}
