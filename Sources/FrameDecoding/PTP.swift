/// - Shape: 34 bytes `[type][version][length 2][domain][…][flags 2][correction 8][…][port identity 10]`
///   `[sequence 2][control][interval]`, then what the type has
/// - Source: IEEE 1588-2019 clause 13
let decodePTP: Decoder = { cursor, frame throws(Malformed) in
  let start = cursor.count
  let first = try cursor.byte()
  let type = UInt64(first & 15)
  frame.add(
    "type", type,
    of: [
      0: "sync", 1: "delay-request", 2: "pdelay-request", 3: "pdelay-response", 8: "follow-up",
      9: "delay-response", 10: "pdelay-follow-up", 11: "announce", 12: "signaling",
      13: "management",
    ])
  frame.add("version", try cursor.byte() & 15)
  let length = Int(try cursor.short())
  guard length >= 34, length <= start else {
    throw Malformed("a message of \(length) bytes, \(start) are there")
  }
  frame.add("domain", try cursor.byte())
  try cursor.skip(1)
  frame.add("flags", hex: try cursor.short())
  let correction = Int64(bitPattern: try cursor.number(8)) >> 16
  if correction != 0 { frame.add("correction-ns", "\(correction)") }
  try cursor.skip(4)
  let clock = try cursor.take(8, "a clock")
  frame.add("clock", clock.hex())
  frame.add("port", try cursor.short())
  frame.add("sequence", try cursor.short())
  try cursor.skip(2)
  // Sync, delay request, follow-up and announce have a time next; a time of zero means none.
  guard [0, 1, 8, 11].contains(type) else { return }
  let (seconds, nanoseconds) = (try cursor.number(6), try cursor.number(4))
  if seconds > 0 || nanoseconds > 0 {
    let digits = "\(nanoseconds)"
    frame.add(
      "time", "\(seconds)." + String(repeating: "0", count: max(0, 9 - digits.utf8.count)) + digits)
  }
  guard type == 11 else { return }
  try cursor.skip(3)
  frame.add("priority1", try cursor.byte())
  try cursor.skip(4)
  frame.add("priority2", try cursor.byte())
  frame.add("grandmaster", try cursor.take(8, "a grandmaster").hex())
  frame.add("steps", try cursor.short())
}
