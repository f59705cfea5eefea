/// - Shape: `[length 11 bits, type 4 bits, LE]`, datagrams `[command][index][address 4][length 11 bits,`
///   `more 1 bit, LE][interrupt 2][data][working counter 2]`
/// - Source: ETG.1000.4, IEC 61158-4-12
let decodeEtherCAT: Decoder = { cursor, frame throws(Malformed) in
  let head = try cursor.littleShort()
  let (length, type) = (Int(head & 0x07FF), UInt64(head >> 12))
  frame.add("type", type, of: [1: "command", 4: "variables", 5: "mailbox"])
  var content = try cursor.take(length, "EtherCAT")
  guard type == 1 else { return frame.add("payload", length) }
  var (count, hasMore) = (0, true)
  while hasMore {
    let command = try content.number(1)
    let index = try content.byte()
    let (position, offset) = (try content.littleShort(), try content.littleShort())
    let bits = try content.littleShort()
    try content.skip(2)
    let data = try content.take(Int(bits & 0x07FF), "datagram \(count + 1)")
    let workingCounter = try content.littleShort()
    // The first is shown, the others are counted: there may be a hundred.
    if count == 0 {
      frame.add("command", command, of: commands)
      frame.add("index", index)
      if command >= 10, command <= 12 {
        frame.add("address", hex: UInt32(offset) << 16 | UInt32(position), digits: 8)
      } else {
        frame.add("address", hex: position)
        frame.add("offset", hex: offset)
      }
      frame.add("data", data.count)
      frame.add("working-counter", workingCounter)
    }
    count += 1
    hasMore = bits & 0x8000 != 0
  }
  frame.add("datagrams", count)
}

private let commands: [UInt64: String] = [
  0: "nop", 1: "aprd", 2: "apwr", 3: "aprw", 4: "fprd", 5: "fpwr", 6: "fprw", 7: "brd", 8: "bwr",
  9: "brw", 10: "lrd", 11: "lwr", 12: "lrw", 13: "armw", 14: "frmw",
]
