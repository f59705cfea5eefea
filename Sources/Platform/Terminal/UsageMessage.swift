/// What is wrong with a command line and what to write instead, in the common style of our
/// programs.
///
/// - Shape: `usage: cause. remedy`, after the name of the program
public struct UsageMessage: Sendable {
  /// What to write for an argument, which the parser identifies by name.
  public struct Form: Sendable {
    let argument: String
    let remedy: @Sendable (String) -> String

    /// Makes a row.
    ///
    /// - Parameters:
    ///   - argument: the name that the parser uses: `<binding>`
    ///   - remedy: a sentence without its full stop, given the value; the value is empty if it is
    ///     missing
    public init(_ argument: String, _ remedy: @escaping @Sendable (String) -> String) {
      self.argument = argument
      self.remedy = remedy
    }
  }

  private let cause: String
  private let full: String
  private let forms: [Form]

  /// Takes the parser's message.
  ///
  /// - Parameters:
  ///   - cause: the message of the parser or of a validation
  ///   - full: the message with the line that begins with `Usage: `
  ///   - forms: what to write for arguments with their own syntax
  public init(cause: String, full: String, forms: [Form]) {
    self.cause = cause
    self.full = full
    self.forms = forms
  }

  /// The line, without the program's name.
  public var text: String {
    // The parser's own list of possible values; with more than five, each has its own line.
    let parts = cause.split(separator: ". Please provide one of the following:")
    if parts.count == 2 {
      let values = parts[1].split(whereSeparator: { $0 == "\n" || $0 == " " || $0 == "-" })
      return "usage: \(parts[0]). Write one of \(values.joined(separator: ", "))"
    }
    if let list = cause.split(separator: ". Please provide ").last, cause.hasSuffix("."),
      cause.contains(". Please provide ")
    {
      let front = cause.prefix(cause.count - list.count - ". Please provide ".count)
      return "usage: \(front). Write \(list.dropLast())"
    }
    // Our own messages say what to write.
    if cause.contains(". Write ") || cause.contains(" See '") {
      return "usage: " + cause
    }
    let words = cause.hasSuffix(".") ? String(cause.dropLast()) : cause
    let separator = words.hasSuffix("?") ? " " : ". "
    return "usage: " + words + separator + remedy
  }

  private var remedy: String {
    let form = forms.first {
      cause.hasSuffix("'\($0.argument)'") || cause.hasSuffix(" \($0.argument)'")
    }
    if let form { return form.remedy(givenValue) }
    if cause.hasSuffix("?") { return "See '\(synopsis.command) --help'" }
    return "Write: \(synopsis.whole); see '\(synopsis.command) --help'"
  }

  /// The value between the first quotes, if the message speaks of a value.
  private var givenValue: String {
    guard cause.hasPrefix("The value '") else { return "" }
    return String(cause.dropFirst("The value '".count).prefix { $0 != "'" })
  }

  /// The usage line without optional arguments, and its words before the arguments.
  private var synopsis: (command: String, whole: String) {
    let line = full.split(separator: "\n").first { $0.hasPrefix("Usage: ") } ?? "Usage: "
    var (depth, kept, hasOptions) = (0, "", false)
    let characters = Array(line.dropFirst("Usage: ".count))
    for (index, character) in characters.enumerated() {
      if character == "[", index + 1 < characters.count, characters[index + 1] == "-" || depth > 0 {
        depth += 1
        hasOptions = true
      } else if character == "]", depth > 0 {
        depth -= 1
      } else if depth == 0 {
        kept.append(character)
      }
    }
    let words = kept.split(separator: " ")
    let command = words.prefix { word in word.allSatisfy { $0.isLowercase || $0 == "-" } }
    let tail = hasOptions ? " [options]" : ""
    return (command.joined(separator: " "), words.joined(separator: " ") + tail)
  }
}
