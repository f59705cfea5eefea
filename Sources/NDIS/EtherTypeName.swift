/// Names of EtherTypes, for configurations, command lines and output.
///
/// - Source: IEEE 802 numbers, the EtherType registry; wol is the customary type of Wake-on-LAN
///   senders
public enum EtherTypeName {
  /// Each name is unique; the first name of a number is the one that is printed.
  public static let table: [(name: String, value: UInt16)] = [
    ("any", EtherTypeSet.anyValue), ("llc", EtherTypeSet.llcValue), ("ipv4", 0x0800),
    ("arp", 0x0806), ("wol", 0x0842), ("avtp", 0x22F0), ("ipv6", 0x86DD), ("slow", 0x8809),
    ("mpls", 0x8847), ("pppoe-discovery", 0x8863), ("pppoe", 0x8864), ("eapol", 0x888E),
    ("profinet", 0x8892), ("aoe", 0x88A2), ("ethercat", 0x88A4), ("powerlink", 0x88AB),
    ("local", 0x88B5), ("local2", 0x88B6), ("oui", 0x88B7), ("goose", 0x88B8), ("sv", 0x88BA),
    ("lldp", 0x88CC), ("sercos", 0x88CD), ("mrp", 0x88E3), ("macsec", 0x88E5), ("ptp", 0x88F7),
    ("prp", 0x88FB), ("cfm", 0x8902), ("fcoe", 0x8906), ("hsr", 0x892F),
  ]

  /// MAC control, which includes pause frames: granted to no user.
  public static let pause: UInt16 = 0x8808

  /// Parses a name of the table, in either case, or a number from 0x0600 to 0xFFFE, decimal or
  /// with `0x`.
  ///
  /// - Returns: the value as an `EtherTypeSet` takes it; nil for anything else
  public static func value(of word: String) -> UInt16? {
    let name = word.lowercased()
    if let row = table.first(where: { $0.name == name }) { return row.value }
    guard let number = UInt16(numeral: name), number >= 0x0600, number != EtherTypeSet.anyValue
    else { return nil }
    return number
  }

  /// The name of a value; nil if it has none.
  public static func name(of value: UInt16) -> String? {
    table.first { $0.value == value }?.name
  }
}
