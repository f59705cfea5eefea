/// PAUSE and priority flow control.
///
/// - Shape: `[opcode 2]`; of PAUSE `[quanta 2]`; of PFC `[enabled 2][quanta 2 × 8]`
/// - Source: IEEE 802.3 annex 31B, 31D
let decodeMACControl: Decoder = { cursor, frame throws(Malformed) in
  let opcode = try cursor.short()
  switch opcode {
  case 1:
    frame.protocolName = "pause"
    frame.add("quanta", try cursor.short())
  case 0x0101:
    frame.protocolName = "pfc"
    let enabled = try cursor.short()
    for priority in 0..<8 {
      let quanta = try cursor.short()
      if enabled >> UInt16(priority) & 1 != 0 { frame.add("priority\(priority)", quanta) }
    }
  default: frame.add("opcode", hex: opcode)
  }
}
