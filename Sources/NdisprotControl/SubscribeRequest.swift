public import NDIS

/// The payload of SUBSCRIBE: the events that the session wants from now on.
///
/// A second request replaces the first; an empty set of kinds ends the subscription.
///
/// - Shape: `[kinds u32][interfaceIndex u32]`, 8 bytes
/// - Source: D-6
public struct SubscribeRequest: Hashable, Sendable {
  /// Bytes of the payload.
  public static let byteCount = 8

  /// Bit n is the kind of raw value n; undefined bits are refused.
  public var kinds: EventKindSet
  /// Selects the events of this interface, and those of the daemon; 0 selects all.
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
