internal import NdisprotClient

/// The multicast groups of protocols: without them a reader of the protocol receives nothing.
///
/// - Source: IEEE 802.1Q table 8-1 (LLDP, 802.1X, slow protocols, CFM), IEEE 1588 annex E (PTP),
///   IEC 61158 (PROFINET DCP, POWERLINK), IEC 62439 (MRP, PRP, HSR), IEEE 1722 (AVTP)
enum ProtocolGroups {
  /// The groups of an EtherType; empty for protocols that use none, or hundreds.
  static func addresses(of etherType: UInt16) -> [MACAddress] {
    (table[etherType] ?? []).compactMap { MACAddress($0) }
  }

  /// The groups of several EtherTypes, without duplicates; empty for every EtherType.
  static func addresses(of types: EtherTypeSet) -> [MACAddress] {
    types.isAny ? [] : addresses(of: types.values)
  }

  /// The groups of every known protocol.
  static var all: [MACAddress] { addresses(of: table.keys.sorted()) }

  /// Without duplicates, and at most as many as an open takes.
  private static func addresses(of types: some Sequence<UInt16>) -> [MACAddress] {
    var groups: [MACAddress] = []
    for group in types.flatMap(addresses(of:)) where !groups.contains(group) {
      groups.append(group)
    }
    return Array(groups.prefix(32))
  }

  private static let table: [UInt16: [String]] = [
    0x22F0: ["91:e0:f0:00:ff:00", "91:e0:f0:01:00:00"],
    0x8809: ["01:80:c2:00:00:02"],
    0x888E: ["01:80:c2:00:00:03"],
    0x8892: ["01:0e:cf:00:00:00"],
    0x88AB: ["01:11:1e:00:00:01", "01:11:1e:00:00:02", "01:11:1e:00:00:03", "01:11:1e:00:00:04"],
    0x88CC: ["01:80:c2:00:00:0e", "01:80:c2:00:00:03", "01:80:c2:00:00:00"],
    0x88E3: ["01:15:4e:00:00:01", "01:15:4e:00:00:02"],
    0x88F7: ["01:1b:19:00:00:00", "01:80:c2:00:00:0e"],
    0x88FB: ["01:15:4e:00:01:00"],
    0x892F: ["01:15:4e:00:01:00"],
    0x8902: (0...15).map { "01:80:c2:00:00:3" + String($0, radix: 16) },
  ]
}
