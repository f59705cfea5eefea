/// A place where a value, or the name of a table, has to stand and none of this configuration can.
///
/// The parser behind TOMLKit ends the program there instead of saying so: it asserts that its callers
/// have looked. So they do, and look for zero bytes as well, at which TOMLKit cuts a text. Dates and times,
/// which nothing here is, are refused as a whole: half of one is such a place too.
struct MissingValue: Equatable {
  /// From 1 on.
  let line: Int
  /// In bytes, from 1 on.
  let column: Int

  /// Looks for the first; nil if there is none.
  init?(in text: String) {
    var scanner = Scanner(bytes: Array(text.utf8))
    guard let at = scanner.firstMissing() else { return nil }
    let before = scanner.bytes[..<at]
    line = before.count { $0 == UInt8(ascii: "\n") } + 1
    column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 1
  }
}

/// Walks over a text, past strings and comments, and remembers what a value is to follow.
private struct Scanner {
  let bytes: [UInt8]
  private var index = 0
  /// The last byte that is no space: `=`, `[` and `,` have a value behind them.
  private var last = UInt8(ascii: "\n")
  /// Brackets that are open, and whether the outermost began a line: `[name]`, `[[name]]`.
  private var depth = 0
  private var isHeader = false
  /// Dots in this line: the parser's time grows with the square of a name's parts.
  private var dotCount = 0
  /// A name of this line is behind.
  private var hasEqualsSign = false
  private static let maximumDots = 32

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func firstMissing() -> Int? {
    while index < bytes.count {
      let byte = bytes[index]
      if cannotStand(byte) { return index }
      switch byte {
      case UInt8(ascii: "#"): skipComment()
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        if let zero = skipString(byte) { return zero }
      case UInt8(ascii: " "), UInt8(ascii: "\t"): index += 1
      case UInt8(ascii: "\r"): index += 1
      case UInt8(ascii: "\n"): endLine()
      default:
        count(byte)
        last = byte
        index += 1
      }
    }
    return nil
  }

  /// Whether no value begins so where one has to, and the parser does not look.
  private func cannotStand(_ byte: UInt8) -> Bool {
    // Only a line's end begins with it.
    if byte == UInt8(ascii: "\r") {
      return index + 1 >= bytes.count || bytes[index + 1] != UInt8(ascii: "\n")
    }
    let isControl = byte < 0x20 && byte != UInt8(ascii: "\t") && byte != UInt8(ascii: "\n")
    if byte == UInt8(ascii: "."), dotCount == Scanner.maximumDots { return true }
    if byte == UInt8(ascii: ":") || (byte == UInt8(ascii: "-") && isInNumber) { return true }
    switch last {
    case UInt8(ascii: "[") where isHeader: return !canName(byte)
    case UInt8(ascii: "="):
      return isControl || byte >= 0x7F || "],}#\n".utf8.contains(byte)
    case UInt8(ascii: "["), UInt8(ascii: ","):
      return isControl || byte >= 0x7F || byte == UInt8(ascii: "}")
    default: return false
    }
  }

  /// Whether the byte before is a digit of a value; names may have digits, too.
  private var isInNumber: Bool {
    guard hasEqualsSign || (depth > 0 && !isHeader), index > 0 else { return false }
    return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index - 1])
  }

  private mutating func endLine() {
    index += 1
    dotCount = 0
    hasEqualsSign = false
    if isHeader || depth == 0 {
      (isHeader, depth) = (false, 0)
      last = UInt8(ascii: "\n")
    }
  }

  private mutating func count(_ byte: UInt8) {
    if byte == UInt8(ascii: ".") { dotCount += 1 }
    if byte == UInt8(ascii: "=") { hasEqualsSign = true }
    if byte == UInt8(ascii: "[") {
      if depth == 0, last == UInt8(ascii: "\n") { isHeader = true }
      depth += 1
    } else if byte == UInt8(ascii: "]") {
      depth = max(0, depth - 1)
    }
  }

  /// Whether it can follow the bracket of a header: a second one, a name, or the bracket's end.
  private func canName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "["): depth == 1 && bytes[index - 1] == byte
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "]_-\"' \t".utf8.contains(byte)
    }
  }

  private mutating func skipComment() {
    while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
  }

  /// A string in one or three quotes; one without an end reaches to the end of its line, or of all.
  ///
  /// - Returns: where it has an escaped zero byte, at which the parser would cut it
  private mutating func skipString(_ quote: UInt8) -> Int? {
    last = quote
    let isLong = isQuote(quote, from: index)
    index += isLong ? 3 : 1
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
        let rest = bytes[(index + 1)...]
        if rest.starts(with: "u0000".utf8) || rest.starts(with: "U00000000".utf8) { return index }
        index += 2
      } else if isLong ? isQuote(quote, from: index) : bytes[index] == quote {
        index += isLong ? 3 : 1
        return nil
      } else if !isLong, bytes[index] == UInt8(ascii: "\n") {
        return nil
      } else {
        index += 1
      }
    }
    return nil
  }

  private func isQuote(_ quote: UInt8, from start: Int) -> Bool {
    start + 3 <= bytes.count && bytes[start..<(start + 3)].allSatisfy { $0 == quote }
  }
}
