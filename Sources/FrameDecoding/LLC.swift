/// LLC and SNAP: the contents of frames whose type field is a length.
///
/// - Shape: `[DSAP][SSAP][control 1 or 2]`; SNAP `[aa aa 03][organization 3][type 2]`
/// - Source: IEEE 802.2, RFC 1042
func decodeLLC(_ cursor: inout Cursor, _ frame: inout DecodedFrame) throws(Malformed) {
  let (destination, source) = (try cursor.byte(), try cursor.byte())
  // Unnumbered frames have the last two bits set; others have two control bytes.
  let control = try cursor.byte()
  if control & 3 != 3 { try cursor.skip(1) }
  switch (destination, source, control) {
  case (0xAA, 0xAA, 3):
    frame.protocolName = "snap"
    let organization = try cursor.take(3, "an organization")
    let type = try cursor.short()
    let isEthernet = organization.rest.allSatisfy { $0 == 0 }
    guard isEthernet, let row = FrameDecoder.etherTypes[type] else {
      frame.add("organization", organization.hex())
      frame.add("type", hex: type)
      return frame.add("payload", cursor.count)
    }
    frame.protocolName = row.name
    try row.decode(&cursor, &frame)
  case (0x42, 0x42, 3): try decodeSpanningTree(&cursor, &frame)
  default:
    frame.add("dsap", hex: destination, digits: 2)
    frame.add("ssap", hex: source, digits: 2)
    frame.add("control", hex: control, digits: 2)
    frame.add("payload", cursor.count)
  }
}
