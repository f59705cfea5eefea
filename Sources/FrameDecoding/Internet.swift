/// - Source: RFC 791 section 3.1
let decodeIPv4: Decoder = { cursor, frame throws(Malformed) in
  let there = cursor.count
  let first = try cursor.byte()
  guard first >> 4 == 4 else { throw Malformed("version \(first >> 4) instead of 4") }
  let headLength = Int(first & 15) * 4
  guard headLength >= 20, headLength <= there else {
    throw Malformed("a head of \(headLength) bytes, \(there) are there")
  }
  let service = try cursor.byte()
  if service != 0 { frame.add("dscp", service >> 2) }
  let length = Int(try cursor.short())
  guard length >= headLength, length <= there else {
    throw Malformed("a packet of \(length) bytes, \(there) are there")
  }
  let identification = try cursor.short()
  let fragment = try cursor.short()
  frame.add("length", length)
  if fragment & 0x3FFF != 0 {
    frame.add("id", identification)
    frame.add("offset", Int(fragment & 0x1FFF) * 8)
  }
  frame.add("ttl", try cursor.byte())
  let next = try cursor.byte()
  try cursor.skip(2)
  frame.add("source", try cursor.take(4, "an address").internetAddress)
  frame.add("destination", try cursor.take(4, "an address").internetAddress)
  try cursor.skip(headLength - 20)
  var content = try cursor.take(length - headLength, "content")
  try decodePorts(next, isFirst: fragment & 0x1FFF == 0, &content, &frame)
}

/// - Source: RFC 8200 section 3
let decodeIPv6: Decoder = { cursor, frame throws(Malformed) in
  let head = try cursor.word()
  guard head >> 28 == 6 else { throw Malformed("version \(head >> 28) instead of 6") }
  if head >> 20 & 0xFF != 0 { frame.add("dscp", head >> 22 & 63) }
  if head & 0xFFFFF != 0 { frame.add("flow", hex: head & 0xFFFFF, digits: 5) }
  let length = Int(try cursor.short())
  frame.add("length", length)
  let next = try cursor.byte()
  frame.add("hop-limit", try cursor.byte())
  frame.add("source", try cursor.take(16, "an address").internetAddress)
  frame.add("destination", try cursor.take(16, "an address").internetAddress)
  var content = try cursor.take(length, "content")
  try decodePorts(next, isFirst: true, &content, &frame)
}

/// The protocol above, and its ports if it has any.
private func decodePorts(
  _ next: UInt8, isFirst: Bool, _ cursor: inout Cursor, _ frame: inout DecodedFrame
) throws(Malformed) {
  frame.add(
    "next", UInt64(next),
    of: [
      0: "hop-by-hop", 1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 43: "routing", 44: "fragment",
      47: "gre", 50: "esp", 51: "ah", 58: "icmpv6", 60: "options", 89: "ospf", 112: "vrrp",
      132: "sctp",
    ])
  guard isFirst, next == 6 || next == 17 || next == 132 else { return }
  frame.add("source-port", try cursor.short())
  frame.add("destination-port", try cursor.short())
}
