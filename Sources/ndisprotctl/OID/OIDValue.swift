internal import NdisprotClient

/// The value of an OID, by its type: as text, as JSON, and from the command line.
struct OIDValue {
  let oid: OID
  let bytes: [UInt8]

  /// The type of an OID's value; plain bytes if unknown.
  static func kind(of oid: OID) -> OID.Format { oid.description?.format ?? .bytes }

  /// The names of the packet filter's bits.
  static let filterNames: [(PacketFilter, String)] = [
    (.directed, "directed"), (.multicast, "multicast"), (.allMulticast, "all-multicast"),
    (.broadcast, "broadcast"), (.promiscuous, "promiscuous"),
  ]

  /// The kind if the length of the bytes matches, else plain bytes.
  private var kind: OID.Format {
    let kind = Self.kind(of: oid)
    let fits =
      switch kind {
      case .number: [1, 2, 4, 8].contains(bytes.count)
      case .counter: [4, 8].contains(bytes.count)
      case .speeds: bytes.count % 8 == 0 && !bytes.isEmpty
      case .linkState: bytes.count == 40
      case .statistics: bytes.count == 152
      case .ansi: bytes.last == 0
      case .packetFilter: bytes.count == 4
      case .address: bytes.count == 6
      case .addresses: bytes.count % 6 == 0
      case .oids: bytes.count % 4 == 0
      case .text: bytes.count % 2 == 0
      case .bytes: true
      }
    return fits ? kind : .bytes
  }

  private var number: UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

  private var string: String {
    if kind == .ansi { return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
    let units = stride(from: 0, to: bytes.count - 1, by: 2).map {
      UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8
    }
    return String(decoding: units.prefix { $0 != 0 }, as: UTF16.self)
  }

  private var numbers: [UInt32] {
    stride(from: 0, to: bytes.count - 3, by: 4).map { start in
      bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
  }

  /// The value as OIDs.
  var oids: [OID] { numbers.map(OID.init(rawValue:)) }

  private var addresses: [String] {
    stride(from: 0, to: bytes.count - 5, by: 6).compactMap { start in
      unsafe MACAddress(bytes.span.bytes.extracting(start..<start + 6))?.description
    }
  }

  /// The unit of the number; empty for anything else.
  var unit: String { OIDMeaning(oid).unit }

  /// The value for people.
  var text: String {
    switch kind {
    case .number, .counter: OIDMeaning(oid).text(number, of: oid)
    case .speeds: speeds(at: 0, bytes.count / 8).map(\.text).joined(separator: " ")
    case .linkState, .statistics: fields.map { "\($0.name) \($0.text)" }.joined(separator: "\n")
    case .text, .ansi: string
    case .packetFilter: numbers.map(Self.filterText).joined()
    case .address, .addresses: addresses.joined(separator: " ")
    case .oids: numbers.map { OID(rawValue: $0).nameOrNumber }.joined(separator: " ")
    case .bytes: bytes.hex
    }
  }

  private static func filterText(_ bits: UInt32) -> String {
    let filter = PacketFilter(rawValue: bits)
    let names = filterNames.filter { filter.contains($0.0) }.map(\.1)
    return (["0x" + String(bits, radix: 16)] + names).joined(separator: " ")
  }

  /// The value for scripts: numbers as numbers, lists as lists, null for what Linux does not count.
  var json: String {
    switch kind {
    case .number, .counter: OIDMeaning(oid).isCounted ? String(number) : "null"
    case .speeds where bytes.count == 8: speeds(at: 0, 1).map(\.json).joined()
    case .speeds: "[" + speeds(at: 0, bytes.count / 8).map(\.json).joined(separator: ",") + "]"
    case .linkState, .statistics:
      "{" + fields.map { "\(JSONLine.quoted($0.name)):\($0.json)" }.joined(separator: ",") + "}"
    case .packetFilter: numbers.map(String.init).joined()
    case .text, .ansi: JSONLine.quoted(string)
    case .address: JSONLine.quoted(addresses.joined())
    case .addresses: "[" + addresses.map(JSONLine.quoted).joined(separator: ",") + "]"
    case .oids:
      "["
        + numbers.map { JSONLine.quoted(OID(rawValue: $0).nameOrNumber) }.joined(separator: ",")
        + "]"
    case .bytes: JSONLine.quoted(bytes.hex)
    }
  }

  /// Parses a value in the notation of the command line; nil if it is invalid for this OID.
  static func bytes(of text: String, for oid: OID) -> [UInt8]? {
    switch kind(of: oid) {
    case .number, .counter, .oids: UInt32(numeral: text).map(littleEndian)
    case .packetFilter: (UInt32(numeral: text) ?? filter(text)).map(littleEndian)
    case .address: MACAddress(text).map(octets)
    case .addresses: addresses(text)
    case .bytes, .speeds, .linkState, .statistics: hexBytes(text)
    case .ansi: Array(text.utf8) + [0]
    case .text:
      text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] } + [
        0, 0,
      ]
    }
  }

  /// What to write instead of an invalid value.
  static func form(for oid: OID) -> String {
    switch kind(of: oid) {
    case .number, .counter, .oids: "a number such as 1500 or 0x5dc"
    case .packetFilter:
      "a number such as 0x0b, or names joined by commas: "
        + filterNames.map(\.1).joined(separator: ", ")
    case .address: "an address such as 02:00:00:00:00:01"
    case .addresses: "addresses joined by commas, or none"
    case .text, .ansi: "any text"
    case .bytes, .speeds, .linkState, .statistics: "bytes as hexadecimal digits, such as 01a0ff"
    }
  }

  private static func littleEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private static func octets(_ address: MACAddress) -> [UInt8] {
    address.octets.indices.map { address.octets[$0] }
  }

  private static func filter(_ text: String) -> UInt32? {
    var filter: PacketFilter = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let row = filterNames.first(where: { $0.1 == name }) else { return nil }
      filter.insert(row.0)
    }
    return filter.rawValue
  }

  private static func addresses(_ text: String) -> [UInt8]? {
    if text.isEmpty || text == "none" { return [] }
    var bytes: [UInt8] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let address = MACAddress(String(part)) else { return nil }
      bytes += octets(address)
    }
    return bytes
  }

  private static func hexBytes(_ text: String) -> [UInt8]? {
    let digits = Array((text.hasPrefix("0x") ? text.dropFirst(2) : text[...]).utf8)
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: digits.count, by: 2) {
      let pair = String(decoding: digits[start..<start + 2], as: UTF8.self)
      guard let byte = UInt8(pair, radix: 16), pair.first != "+" else { return nil }
      bytes.append(byte)
    }
    return bytes
  }
}

extension OID {
  /// The name of ntddndis.h, or the number of an unknown OID.
  var nameOrNumber: String { description?.name ?? numberText }

  /// The number in the notation of the header: `0x01010102`.
  var numberText: String { rawValue.hexText }
}

extension UInt32 {
  /// Eight digits after `0x`.
  var hexText: String {
    let digits = String(self, radix: 16, uppercase: true)
    return "0x" + String(repeating: "0", count: 8 - digits.utf8.count) + digits
  }
}
