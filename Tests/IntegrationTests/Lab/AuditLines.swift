extension Daemon {
  /// The records of one kind in the log: the fields of each.
  func auditLines(_ event: String) -> [[String: String]] {
    let prefix = "ndisprotd: audit: event=\(event) "
    return logLines.filter { $0.hasPrefix(prefix) }.map { fields(of: $0.dropFirst(prefix.count)) }
  }

  /// `key=value key="a text"` as a table.
  private func fields(of line: Substring) -> [String: String] {
    var fields: [String: String] = [:]
    var rest = line
    while let equals = rest.firstIndex(of: "=") {
      let key = String(rest[..<equals])
      rest = rest[rest.index(after: equals)...]
      let isText = rest.first == "\""
      if isText { rest = rest.dropFirst() }
      let end = rest.firstIndex(of: isText ? "\"" : " ") ?? rest.endIndex
      fields[key] = String(rest[..<end])
      rest = rest[end...].drop { $0 == "\"" || $0 == " " }
    }
    return fields
  }
}
