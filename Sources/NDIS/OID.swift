/// An object identifier: one property of an adapter or of an open.
///
/// - Windows: NDIS_OID
/// - Source: `spec/ndisprot-semantics.md` section 11.3
public struct OID: RawRepresentable, Hashable, Sendable {
  /// The number, as in ntddndis.h.
  public var rawValue: UInt32

  /// Wraps any number; unknown ones are legal and answered NDIS_STATUS_NOT_SUPPORTED.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The list of all OIDs that a query or a set answers; u32 each, ascending.
  public static let supportedList = OID(rawValue: 0x0001_0101)
  /// The longest payload of a frame, without header; u32.
  public static let maximumFrameSize = OID(rawValue: 0x0001_0106)
  /// The packet filter of this open; u32, can be set.
  public static let currentPacketFilter = OID(rawValue: 0x0001_010E)
  /// The interface's address; 6 bytes.
  public static let currentAddress = OID(rawValue: 0x0101_0102)
  /// The groups this open hears; 6 bytes each, can be set, empty clears.
  public static let multicastList = OID(rawValue: 0x0101_0103)

  /// Whether and how an OID can be used.
  public struct Description: Sendable {
    /// The number.
    public let oid: OID
    /// The name of ntddndis.h.
    public let name: String
    /// Whether its value can be asked for.
    public let canQuery: Bool
    /// Whether its value can be set.
    public let canSet: Bool
  }

  /// Every OID that means something here, ascending: what OID_GEN_SUPPORTED_LIST answers.
  public static let supported: [Description] = [
    Description(oid: .supportedList, name: "OID_GEN_SUPPORTED_LIST", canQuery: true, canSet: false),
    Description(
      oid: .maximumFrameSize, name: "OID_GEN_MAXIMUM_FRAME_SIZE", canQuery: true, canSet: false),
    Description(
      oid: .currentPacketFilter, name: "OID_GEN_CURRENT_PACKET_FILTER", canQuery: true,
      canSet: true),
    Description(
      oid: .currentAddress, name: "OID_802_3_CURRENT_ADDRESS", canQuery: true, canSet: false),
    Description(
      oid: .multicastList, name: "OID_802_3_MULTICAST_LIST", canQuery: true, canSet: true),
  ]

  /// The row of this OID, nil for one that means nothing here.
  public var description: Description? { OID.supported.first { $0.oid == self } }

  /// Finds an OID by its name, its short name (`current-address`, `CURRENT_ADDRESS`) or number.
  public init?(named text: String) {
    let wanted = text.uppercased().split(separator: "-").joined(separator: "_")
    for row in OID.supported {
      var short = Substring(row.name)
      for prefix in ["OID_GEN_", "OID_802_3_"] where short.hasPrefix(prefix) {
        short = short.dropFirst(prefix.count)
      }
      if row.name == wanted || short == wanted {
        self = row.oid
        return
      }
    }
    let isHex = text.lowercased().hasPrefix("0x")
    guard let number = UInt32(isHex ? String(text.dropFirst(2)) : text, radix: isHex ? 16 : 10)
    else { return nil }
    self.init(rawValue: number)
  }
}
