/// LACP, marker and OAM, distinguished by the first byte.
///
/// - Shape: of LACP `[1][version]`, TLVs `[type][length, head included][value]`: actor, partner, collector
/// - Source: IEEE 802.1AX-2020 clause 6.4, IEEE 802.3 annex 57A
let decodeSlow: Decoder = { cursor, frame throws(Malformed) in
  let subtype = try cursor.byte()
  switch subtype {
  case 1:
    frame.protocolName = "lacp"
    try decodeLACP(&cursor, &frame)
  case 2: frame.protocolName = "lacp-marker"
  case 3:
    frame.protocolName = "oam"
    frame.add("flags", hex: try cursor.short())
    frame.add("code", try cursor.byte())
  case 10: frame.protocolName = "esmc"
  default: frame.add("subtype", subtype)
  }
}

private func decodeLACP(_ cursor: inout Cursor, _ frame: inout DecodedFrame) throws(Malformed) {
  frame.add("version", try cursor.byte())
  while true {
    let (type, length) = (try cursor.byte(), Int(try cursor.byte()))
    // The terminator has length 0.
    guard type != 0 else { return }
    guard length >= 2 else { throw Malformed("TLV \(type) of \(length) bytes, 2 are its head") }
    var value = try cursor.take(length - 2, "TLV \(type)")
    switch type {
    case 1: try decodeParty("actor", &value, &frame)
    case 2: try decodeParty("partner", &value, &frame)
    case 3: frame.add("collector-delay", try value.short())
    default: frame.add("tlv", type)
    }
  }
}

private func decodeParty(
  _ name: String, _ cursor: inout Cursor, _ frame: inout DecodedFrame
) throws(Malformed) {
  let priority = try cursor.short()
  frame.add(name, "\(priority)/\(try cursor.address())")
  frame.add("\(name)-key", try cursor.short())
  let portPriority = try cursor.short()
  frame.add("\(name)-port", "\(portPriority)/\(try cursor.short())")
  let state = try cursor.byte()
  let names = [
    "active", "short-timeout", "aggregatable", "synchronized", "collecting", "distributing",
    "defaulted", "expired",
  ]
  let set = names.indices.filter { state >> UInt8($0) & 1 != 0 }.map { names[$0] }
  frame.add("\(name)-state", set.isEmpty ? "none" : set.joined(separator: "+"))
}
