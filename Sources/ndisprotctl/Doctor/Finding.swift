/// What one check of `doctor` found.
struct Finding {
  /// What was checked: `socket`, `group`, `unit` and so on.
  let check: String
  /// What is so, or is wrong.
  let text: String
  /// What to do about it; nil if all is well.
  let remedy: String?

  /// All is well.
  static func fine(_ check: String, _ text: String) -> Finding {
    Finding(check: check, text: text, remedy: nil)
  }

  /// Something keeps clients from working.
  static func wrong(_ check: String, _ text: String, remedy: String) -> Finding {
    Finding(check: check, text: text, remedy: remedy)
  }

  /// As `doctor` prints it.
  var line: String {
    guard let remedy else { return "ok    \(check): \(text)" }
    return "FAIL  \(check): \(text). \(remedy)"
  }

  var json: JSONLine {
    var line = JSONLine()
    line.add("event", "check")
    line.add("check", check)
    line.add("ok", raw: remedy == nil ? "true" : "false")
    line.add("message", text)
    line.add("remedy", remedy ?? "")
    return line
  }
}
