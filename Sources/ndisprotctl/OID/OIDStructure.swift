internal import NdisprotClient

/// A value in a structure or a list: as text and as JSON.
struct OIDField {
  let name: String
  let text: String
  let json: String

  init(_ name: String, _ number: UInt64) {
    self.name = name
    text = String(number)
    json = text
  }

  /// A count of `bytes` or `frames`.
  init(_ name: String, _ number: UInt64, unit: String) {
    self.name = name
    text = "\(number) \(number == 1 ? String(unit.dropLast()) : unit)"
    json = String(number)
  }

  init(_ name: String, word: String) {
    self.name = name
    text = word
    json = JSONLine.quoted(word)
  }

  /// A speed in bit/s; null in JSON if unknown.
  init(_ name: String, bitsPerSecond: UInt64) {
    self.name = name
    let isKnown = bitsPerSecond != LinkSettings.unknownSpeed
    text = isKnown ? OIDMeaning.speedText(bitsPerSecond) : "unknown"
    json = isKnown ? String(bitsPerSecond) : "null"
  }
}

// The structures that are values of OIDs, field by field; their lengths were checked.

extension OIDValue {
  /// NDIS_LINK_STATE or NDIS_STATISTICS_INFO.
  var fields: [OIDField] {
    oid == .statistics ? statistics : linkState
  }

  /// Speeds, 8 bytes each.
  func speeds(at offset: Int, _ count: Int) -> [OIDField] {
    (0..<count).map { OIDField("", bitsPerSecond: long(offset + 8 * $0)) }
  }

  private var linkState: [OIDField] {
    let connection = MediaConnectState(rawValue: word(4)) ?? .unknown
    let duplex = MediaDuplexState(rawValue: word(8)) ?? .unknown
    let pause = PauseFunctions(rawValue: word(32)) ?? .unknown
    return [
      OIDField("connectState", word: "\(connection)"), OIDField("duplexState", word: "\(duplex)"),
      OIDField("xmitLinkSpeed", bitsPerSecond: long(16)),
      OIDField("rcvLinkSpeed", bitsPerSecond: long(24)),
      OIDField("pauseFunctions", word: "\(pause)"),
      OIDField("autoNegotiationFlags", UInt64(word(36))),
    ]
  }

  private var statistics: [OIDField] {
    let names = [
      "inDiscards", "inErrors", "hcInOctets", "hcInUcastPkts", "hcInMulticastPkts",
      "hcInBroadcastPkts", "hcOutOctets", "hcOutUcastPkts", "hcOutMulticastPkts",
      "hcOutBroadcastPkts", "outErrors", "outDiscards", "hcInUcastOctets", "hcInMulticastOctets",
      "hcInBroadcastOctets", "hcOutUcastOctets", "hcOutMulticastOctets", "hcOutBroadcastOctets",
    ]
    return [OIDField("supportedStatistics", UInt64(word(4)))]
      + names.enumerated().map { index, name in
        OIDField(
          name, long(8 + 8 * index), unit: name.hasSuffix("Octets") ? "bytes" : "frames")
      }
  }

  private func word(_ offset: Int) -> UInt32 { UInt32(truncatingIfNeeded: long(offset, 4)) }

  private func long(_ offset: Int, _ byteCount: Int = 8) -> UInt64 {
    bytes[offset..<(offset + byteCount)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
