/// - Source: RFC 826; operations of the IANA registry
let decodeARP: Decoder = { cursor, frame throws(Malformed) in
  let (hardware, network) = (try cursor.short(), try cursor.short())
  let (hardwareLength, networkLength) = (Int(try cursor.byte()), Int(try cursor.byte()))
  let operation = try cursor.number(2)
  frame.add(
    "operation", operation,
    of: [1: "request", 2: "reply", 8: "inverse-request", 9: "inverse-reply"])
  if hardware != 1 { frame.add("hardware", hardware) }
  if network != 0x0800 { frame.add("network", hex: network) }
  frame.add("sender", try cursor.take(hardwareLength, "a hardware address").hex())
  frame.add("sender-ip", try cursor.take(networkLength, "a network address").internetAddress)
  frame.add("target", try cursor.take(hardwareLength, "a hardware address").hex())
  frame.add("target-ip", try cursor.take(networkLength, "a network address").internetAddress)
}
