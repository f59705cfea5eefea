/// A JSON object on one line, with its keys in the order of insertion.
///
/// - Source: RFC 8259
struct JSONLine {
  private var text = "{"

  /// A value that is already JSON.
  mutating func add(_ key: String, raw value: String) {
    if text.utf8.count > 1 { text += "," }
    text += JSONLine.quoted(key) + ":" + value
  }

  mutating func add(_ key: String, _ value: String) { add(key, raw: JSONLine.quoted(value)) }

  mutating func add(_ key: String, _ value: some BinaryInteger) { add(key, raw: "\(value)") }

  /// A limit; 0 is no limit, written as null.
  mutating func add(_ key: String, limit value: some BinaryInteger) {
    add(key, raw: value == 0 ? "null" : "\(value)")
  }

  /// A 64-bit time twice: as a number, and exactly as a text under the name with `Text`, for
  /// readers whose numbers have 53 bits.
  mutating func add(_ key: String, time value: UInt64) {
    add(key, raw: "\(value)")
    add(key + "Text", "\(value)")
  }

  /// A number of seconds, to the microsecond.
  mutating func add(_ key: String, _ value: Duration) {
    add(key, raw: value.secondsText)
  }

  mutating func add(_ key: String, _ value: JSONLine) { add(key, raw: value.closed) }

  mutating func add(_ key: String, _ values: [String]) {
    add(key, raw: "[" + values.map(JSONLine.quoted).joined(separator: ",") + "]")
  }

  mutating func add(_ key: String, _ values: [JSONLine]) {
    add(key, raw: "[" + values.map(\.closed).joined(separator: ",") + "]")
  }

  /// The whole object.
  var closed: String { text + "}" }

  /// A JSON string: quotes, backslashes and control characters escaped.
  static func quoted(_ value: String) -> String {
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\u{0}"..."\u{1F}", "\u{7F}":
        let hex = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}

extension Duration {
  /// Seconds with six places.
  var secondsText: String {
    let (seconds, attoseconds) = components
    let microseconds = String(attoseconds / 1_000_000_000_000)
    let zeros = String(repeating: "0", count: max(0, 6 - microseconds.utf8.count))
    return "\(seconds).\(zeros)\(microseconds)"
  }
}
