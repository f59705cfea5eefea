/// - Shape: `[version][type][length 2][body]`; the body of type 0 is EAP: `[code][id][length 2][type]…`
/// - Source: IEEE 802.1X-2020 clause 11.3; RFC 3748 section 4
let decodeEAPOL: Decoder = { cursor, frame throws(Malformed) in
  frame.add("version", try cursor.byte())
  let type = try cursor.number(1)
  frame.add(
    "type", type,
    of: [
      0: "eap", 1: "start", 2: "logoff", 3: "key", 4: "asf-alert", 5: "mka", 6: "announcement",
      7: "announcement-specific", 8: "announcement-request",
    ])
  var body = try cursor.take(Int(try cursor.short()), "a body")
  switch type {
  case 0: try decodeEAP(&body, &frame)
  case 3:
    frame.add("descriptor", try body.number(1), of: [1: "rc4", 2: "rsn", 254: "wpa"])
    if body.count >= 2 { frame.add("key-information", hex: try body.short()) }
  default: if body.count > 0 { frame.add("body", body.count) }
  }
}

private func decodeEAP(_ cursor: inout Cursor, _ frame: inout DecodedFrame) throws(Malformed) {
  let code = try cursor.number(1)
  frame.add("code", code, of: [1: "request", 2: "response", 3: "success", 4: "failure"])
  frame.add("id", try cursor.byte())
  let length = Int(try cursor.short())
  guard length >= 4 else { throw Malformed("EAP of \(length) bytes, 4 are its head") }
  var data = try cursor.take(length - 4, "EAP data")
  guard code == 1 || code == 2 else { return }
  let method = try data.number(1)
  frame.add(
    "method", method,
    of: [
      1: "identity", 2: "notification", 3: "nak", 4: "md5", 13: "tls", 21: "ttls", 25: "peap",
      26: "mschapv2", 43: "fast", 52: "pwd", 55: "teap",
    ])
  if method == 1, data.count > 0 { frame.add("identity", data.text) }
}
