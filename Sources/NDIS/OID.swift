/// An object identifier: one property of an adapter or of an open.
///
/// - Windows: NDIS_OID
/// - Source: `NDIS.docc/OIDs.md` section 2
public struct OID: RawRepresentable, Hashable, Sendable {
  /// The number, as in ntddndis.h.
  public var rawValue: UInt32

  /// Wraps any number; unknown ones are legal and answered NDIS_STATUS_NOT_SUPPORTED.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The row of this OID, nil if it is not supported.
  public var description: Description? { OID.supported.first { $0.oid == self } }

  /// Finds an OID by its name, its short name (`current-address`, `CURRENT_ADDRESS`) or number.
  public init?(named text: String) {
    let wanted = text.uppercased().split(separator: "-").joined(separator: "_")
    let row = OID.supported.first { $0.name == wanted || $0.familyName == wanted }
    if let row {
      self = row.oid
      return
    }
    guard let number = UInt32(numeral: text) else { return nil }
    self.init(rawValue: number)
  }
}

extension OID.Description {
  /// The name without its family: `LINK_STATE`.
  fileprivate var familyName: Substring {
    let prefix = ["OID_GEN_", "OID_802_3_"].first { name.hasPrefix($0) } ?? ""
    return name.dropFirst(prefix.count)
  }

  /// The name for the command line: `link-state`; the whole name where another OID has the short
  /// one.
  public var shortName: String {
    let isFirst = OID.supported.first { $0.familyName == familyName }?.oid == oid
    guard isFirst else { return name }
    return familyName.lowercased().split(separator: "_").joined(separator: "-")
  }
}
