internal import Platform

/// The result of one check of `doctor`.
struct Finding {
  /// The kind of result.
  enum Verdict: String {
    /// As it should be.
    case ok
    /// Worth knowing, but not wrong by itself.
    case note
    /// Not checked, because of another finding.
    case skip
    /// It keeps clients from working.
    case fail = "FAIL"
  }

  let verdict: Verdict
  /// What was checked: `socket`, `group`, `unit` and so on.
  let check: String
  /// The state, or what is wrong.
  let text: String
  /// What to do about it; nil if there is nothing to do.
  let remedy: String?

  /// All is well.
  static func fine(_ check: String, _ text: String) -> Finding {
    Finding(verdict: .ok, check: check, text: text, remedy: nil)
  }

  /// Worth knowing.
  static func note(_ check: String, _ text: String, remedy: String? = nil) -> Finding {
    Finding(verdict: .note, check: check, text: text, remedy: remedy)
  }

  /// Not checked.
  static func skipped(_ check: String, because cause: String) -> Finding {
    Finding(verdict: .skip, check: check, text: "not checked, see \(cause)", remedy: nil)
  }

  /// Something keeps clients from working.
  static func wrong(_ check: String, _ text: String, remedy: String) -> Finding {
    Finding(verdict: .fail, check: check, text: text, remedy: remedy)
  }

  /// Whether something keeps clients from working.
  var isFailure: Bool { verdict == .fail }

  /// The line that `report` prints.
  var line: String { lines(on: Screen(columns: nil)).joined(separator: "\n") }

  /// The lines that `doctor` prints.
  func lines(on screen: Screen) -> [String] {
    let word = verdict.rawValue.padded(to: 4)
    let whole = "\(word)  \(check): \(text)" + (remedy.map { ". \($0)" } ?? "")
    let wrapped = whole.wrapped(to: screen.columns ?? .max, indent: 6)
    let first = screen.painted(word, style) + wrapped.dropFirst(word.count)
    return first.split(separator: "\n").map(String.init)
  }

  private var style: TextStyle {
    switch verdict {
    case .ok: .green
    case .note: .cyan
    case .skip: .dim
    case .fail: .red
    }
  }

  var json: JSONLine {
    var line = JSONLine()
    line.add("event", "check")
    line.add("check", check)
    line.add("ok", raw: isFailure ? "false" : "true")
    line.add("verdict", verdict.rawValue.lowercased())
    line.add("message", text)
    line.add("remedy", remedy ?? "")
    return line
  }
}

extension String {
  fileprivate func padded(to count: Int) -> String {
    self + String(repeating: " ", count: max(0, count - self.count))
  }
}
