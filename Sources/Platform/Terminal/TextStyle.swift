/// A style that makes a few words stand out on a terminal.
///
/// - Source: ECMA-48, SGR; the eight colours that every terminal has
public enum TextStyle: UInt8, Sendable {
  case bold = 1
  case dim = 2
  case red = 31
  case green = 32
  case yellow = 33
  case cyan = 36

  /// The text between the sequences that begin and end the style.
  public func painted(_ text: String) -> String {
    text.isEmpty ? text : "\u{1B}[\(rawValue)m\(text)\u{1B}[0m"
  }
}

extension String {
  /// The text in lines of at most so many columns, broken at spaces, and after the commas of a list
  /// that is longer than a line; any other long word gets a line of its own.
  ///
  /// Line breaks and the indentation of a line stay; a character takes one column.
  ///
  /// - Parameters:
  ///   - columns: the columns of a line
  ///   - indent: the additional indentation of the second and later lines of a paragraph
  /// - Returns: the lines, joined
  public func wrapped(to columns: Int, indent: Int = 0) -> String {
    split(separator: "\n", omittingEmptySubsequences: false)
      .flatMap { Self.wrapped($0, to: columns, indent: indent) }
      .joined(separator: "\n")
  }

  private static func wrapped(_ line: Substring, to columns: Int, indent: Int) -> [String] {
    guard line.count > columns else { return [String(line)] }
    let margin = line.prefix { $0 == " " }.count
    let later = String(
      repeating: " ", count: Swift.min(margin + indent, Swift.max(0, columns - 10)))
    var lines: [String] = []
    var current = String(line.prefix(margin))
    var isEmpty = true
    for (word, isGlued) in words(line.dropFirst(margin), columns - later.count) {
      let gap = isEmpty || isGlued ? "" : " "
      if !isEmpty, current.count + gap.count + word.count > columns {
        lines.append(current)
        current = later + word
      } else {
        current += gap + word
      }
      isEmpty = false
    }
    return lines + [current]
  }

  /// The words of a line; a list longer than a line is split, each part glued to the one before.
  private static func words(_ line: Substring, _ room: Int) -> [(Substring, isGlued: Bool)] {
    line.split(separator: " ", omittingEmptySubsequences: false).flatMap { word in
      guard word.count > room, word.contains(",") else { return [(word, isGlued: false)] }
      let parts = word.split(separator: ",", omittingEmptySubsequences: false)
      return parts.enumerated().map { index, part in
        (index < parts.count - 1 ? part + "," : part, isGlued: index > 0)
      }
    }
  }
}
