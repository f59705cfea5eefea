/// - Shape: `[protocol 2][version][type][flags][root 8][cost 4][bridge 8][port 2][age 2][max age 2][hello 2]`
///   `[delay 2]`, times in units of 1/256 s
/// - Source: IEEE 802.1D-2004 clause 9, 802.1Q-2018 clause 14
func decodeSpanningTree(_ cursor: inout Cursor, _ frame: inout DecodedFrame) throws(Malformed) {
  frame.protocolName = "stp"
  let identifier = try cursor.short()
  guard identifier == 0 else { throw Malformed("protocol \(identifier) instead of 0") }
  frame.add("version", try cursor.number(1), of: [0: "stp", 2: "rstp", 3: "mstp", 4: "spb"])
  let type = try cursor.number(1)
  frame.add("type", type, of: [0: "configuration", 2: "rapid", 0x80: "topology-change"])
  guard type == 0 || type == 2 else { return }
  let flags = try cursor.byte()
  frame.add("flags", hex: flags, digits: 2)
  if type == 2 {
    frame.add(
      "role", UInt64(flags >> 2 & 3), of: [0: "master", 1: "alternate", 2: "root", 3: "designated"])
    let states = [(0x10 as UInt8, "learning"), (0x20, "forwarding")]
    let state = states.filter { flags & $0.0 != 0 }.map(\.1).joined(separator: "+")
    frame.add("state", state.isEmpty ? "discarding" : state)
  }
  frame.add("root", try bridge(&cursor))
  frame.add("cost", try cursor.word())
  frame.add("bridge", try bridge(&cursor))
  frame.add("port", hex: try cursor.short())
  for name in ["age", "max-age", "hello", "delay"] {
    frame.add(name, try cursor.short() / 256)
  }
}

/// `32768.0/02:00:00:00:00:01`: priority, system id extension, address.
private func bridge(_ cursor: inout Cursor) throws(Malformed) -> String {
  let priority = try cursor.short()
  return "\(priority & 0xF000).\(priority & 0x0FFF)/\(try cursor.address())"
}
