internal import Glibc
internal import Platform

/// The width that text for people has to fit, and whether it may be coloured.
struct Screen {
  /// Columns of standard output; nil for files and pipes, whose lines are not wrapped.
  let columns: Int?
  /// Whether standard output shows colours.
  let hasColor: Bool
  /// Columns of standard error.
  let errorColumns: Int?
  /// Whether standard error shows colours.
  let errorHasColor: Bool

  /// The screen on which the program was started.
  init(color: Terminal.ColorChoice) {
    columns = Terminal.columnCount(of: STDOUT_FILENO)
    hasColor = Terminal.hasColor(STDOUT_FILENO, color)
    // For programs, a message on standard error stays on one line, whatever COLUMNS says.
    errorColumns = Terminal.ownColumnCount(of: STDERR_FILENO)
    errorHasColor = Terminal.hasColor(STDERR_FILENO, color)
  }

  /// A screen of known properties.
  init(columns: Int?, hasColor: Bool = false) {
    self.columns = columns
    self.hasColor = hasColor
    errorColumns = columns
    errorHasColor = hasColor
  }

  /// The columns of help, which is wrapped in files too.
  var helpColumns: Int { min(max(columns ?? 80, 40), 120) }

  /// Paints words of standard output.
  func painted(_ text: String, _ style: TextStyle?) -> String {
    guard hasColor, let style else { return text }
    return style.painted(text)
  }

  /// A message in the form of standard error.
  func message(_ text: String) -> String {
    let name = "ndisprotctl:"
    let wrapped = "\(name) \(text)".wrapped(to: errorColumns ?? .max, indent: 2)
    guard errorHasColor else { return wrapped }
    return TextStyle.red.painted(name) + wrapped.dropFirst(name.count)
  }

  /// Help with its headings in bold.
  func help(_ text: String) -> String {
    guard hasColor else { return text }
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      guard let colon = line.firstIndex(of: ":"), line.first?.isUppercase == true,
        line[..<colon].allSatisfy({ !$0.isLowercase }) || line == "Examples:"
      else { return String(line) }
      return TextStyle.bold.painted(String(line[...colon])) + line[line.index(after: colon)...]
    }.joined(separator: "\n")
  }
}
