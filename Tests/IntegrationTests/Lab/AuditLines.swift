extension Daemon {
  /// The records of one kind on standard error: the fields of each, and the sentence as `text`.
  func auditLines(_ event: String) -> [[String: String]] {
    logLines.filter { $0.hasPrefix("ndisprotd: audit: \(event): ") }.compactMap { line in
      guard let brackets = line.range(of: " [event=\(event) "), line.last == "]" else { return nil }
      var record = fields(of: line[brackets.upperBound...].dropLast())
      record["text"] = String(line[..<brackets.lowerBound].dropFirst("ndisprotd: audit: ".count))
      return record
    }
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

extension Substring {
  /// Where a text begins and ends; nil if it is not here.
  fileprivate func range(of text: String) -> Range<Index>? { firstRange(of: text) }
}
