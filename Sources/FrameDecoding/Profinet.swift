/// - Shape: `[frame id 2]`; of DCP `[service][kind][xid 4][delay 2][length 2][blocks]`; cyclic data ends with
///   `[cycle 2][data status][transfer status]`
/// - Source: IEC 61158-6-10; frame ids as the standard lists them
let decodeProfinet: Decoder = { cursor, frame throws(Malformed) in
  let id = try cursor.short()
  frame.add("frame-id", hex: id)
  switch id {
  case 0xFEFC...0xFEFF: try decodeDCP(&cursor, &frame)
  case 0x0100...0xFBFF:
    guard cursor.count >= 4 else { throw Malformed("cyclic data of \(cursor.count) bytes") }
    let data = try cursor.take(cursor.count - 4, "data")
    frame.add("data", data.count)
    frame.add("cycle", try cursor.short())
    frame.add("status", hex: try cursor.byte(), digits: 2)
    frame.add("transfer", hex: try cursor.byte(), digits: 2)
  default: frame.add("payload", cursor.count)
  }
}

private func decodeDCP(_ cursor: inout Cursor, _ frame: inout DecodedFrame) throws(Malformed) {
  let service = try cursor.number(1)
  frame.add("service", service, of: [3: "get", 4: "set", 5: "identify", 6: "hello"])
  let kind = try cursor.number(1)
  frame.add("kind", kind, of: [0: "request", 1: "response", 5: "not-supported"])
  frame.add("xid", hex: try cursor.word(), digits: 8)
  frame.add("delay", try cursor.short())
  var blocks = try cursor.take(Int(try cursor.short()), "blocks")
  // A get request lists options by their numbers only.
  if service == 3, kind == 0 {
    while blocks.count > 0 { frame.add("asks", "\(try blocks.byte())/\(try blocks.byte())") }
    return
  }
  while blocks.count > 0 {
    let (option, suboption) = (try blocks.byte(), try blocks.byte())
    let length = Int(try blocks.short())
    var block = try blocks.take(length, "block \(option)/\(suboption)")
    if length % 2 == 1, blocks.count > 0 { try blocks.skip(1) }
    // In other requests and answers a value follows two bytes about it.
    let isRequest = kind == 0 && service != 6
    if block.count >= 2, !isRequest || service == 4 { try block.skip(2) }
    switch (option, suboption) {
    case (1, 2) where block.count >= 12:
      for name in ["ip", "mask", "gateway"] {
        frame.add(name, try block.take(4, name).internetAddress)
      }
    case (2, 1): frame.add("vendor", block.text)
    case (2, 2): frame.add("station", block.text)
    case (2, 3) where block.count >= 4:
      frame.add("device", hex: try block.word(), digits: 8)
    case (0xFF, 0xFF): frame.add("filter", "all")
    default: frame.add("block", "\(option)/\(suboption)")
    }
  }
}
