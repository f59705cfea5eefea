/// - Shape: TLVs `[type 7 bits, length 9 bits][value]`, the first three chassis, port and time to live
/// - Source: IEEE 802.1AB-2016 clause 8
let decodeLLDP: Decoder = { cursor, frame throws(Malformed) in
  var (index, organizations) = (0, 0)
  while true {
    // The end TLV is optional at the end of the frame.
    guard cursor.count > 0 || index < 3 else { break }
    let head = try cursor.short()
    let type = Int(head >> 9)
    var value = try cursor.take(Int(head & 0x1FF), "TLV \(type)")
    guard index > 2 || type == index + 1 else {
      throw Malformed("TLV \(type) where TLV \(index + 1) belongs")
    }
    index += 1
    switch type {
    case 0: break
    case 1: frame.add("chassis", try identity(&value, addressKind: 4, networkKind: 5))
    case 2: frame.add("port", try identity(&value, addressKind: 3, networkKind: 4))
    case 3: frame.add("ttl", try value.number(2))
    case 4: frame.add("port-description", value.text)
    case 5: frame.add("system", value.text)
    case 6: frame.add("description", value.text)
    case 7:
      let (has, enabled) = (try value.short(), try value.short())
      frame.add("capabilities", words(has))
      frame.add("enabled", words(enabled))
    case 8:
      var address = try value.take(Int(try value.byte()), "an address")
      let kind = try address.byte()
      frame.add("management", kind == 1 || kind == 2 ? address.internetAddress : address.hex())
    case 127: organizations += 1
    default: frame.add("tlv", type)
    }
    if type == 0 { break }
  }
  if organizations > 0 { frame.add("organization-tlvs", organizations) }
}

/// An identifier: `[kind][bytes]`; unless it is an address, it is text.
private func identity(
  _ value: inout Cursor, addressKind: UInt8, networkKind: UInt8
) throws(Malformed) -> String {
  let kind = try value.byte()
  guard value.count > 0 else { throw Malformed("an identifier without bytes") }
  if kind == addressKind { return value.hex() }
  guard kind == networkKind else { return value.text }
  _ = try value.byte()
  return value.internetAddress
}

private func words(_ bits: UInt16) -> String {
  let names = [
    "other", "repeater", "bridge", "wlan", "router", "telephone", "docsis", "station", "c-vlan",
    "s-vlan", "tpmr",
  ]
  let set = names.indices.filter { bits >> UInt16($0) & 1 != 0 }.map { names[$0] }
  return set.isEmpty ? "none" : set.joined(separator: "+")
}
