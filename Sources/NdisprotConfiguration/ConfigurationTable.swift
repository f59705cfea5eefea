internal import NDIS

/// One table of a configuration file, read strictly: a key that is not read is a problem.
///
/// An invalid value is a problem and reads as if it were missing, so that one pass finds all
/// problems. Callers must check the list of problems before they use the table's values.
struct ConfigurationTable {
  let path: String
  /// Its name in messages: `rule "lldp": `; empty for a whole file.
  let subject: String
  let place: ConfigurationPlace
  private let entries: [ConfigurationEntry]
  private let problems: ProblemList

  /// Creates the table of a value.
  init(_ path: String, _ subject: String, _ value: ConfigurationValue, _ problems: ProblemList) {
    self.path = path
    self.subject = subject
    self.problems = problems
    place = value.place
    if case .table(let entries) = value.content { self.entries = entries } else { entries = [] }
  }

  /// The same table under another name.
  func named(_ subject: String) -> ConfigurationTable {
    ConfigurationTable(
      path, subject, ConfigurationValue(place: place, content: .table(entries)), problems)
  }

  /// Where the table begins, for the log and for refusals: `file:line`.
  var origin: String { "\(path):\(place.line)" }

  /// The number of problems so far.
  var problemCount: Int { problems.problems.count }

  /// Whether the table has a key.
  func has(_ key: String) -> Bool { value(key) != nil }

  private func value(_ key: String) -> ConfigurationValue? {
    entries.first { $0.key == key }?.value
  }

  /// Reports what is wrong with the value of a key, or that it is missing.
  func problem(_ key: String, _ cause: String) {
    report(value(key)?.place ?? place, "\(key): \(cause)")
  }

  private func report(_ place: ConfigurationPlace, _ cause: String) {
    problems.add(ConfigurationProblem(path, place, subject + cause))
  }

  /// Reports every key but these.
  func allow(_ keys: [String]) {
    for entry in entries where !keys.contains(entry.key) {
      let near = entry.key.nearest(of: keys).map { "did you mean \($0)?" }
      report(
        entry.place,
        "unknown key \(entry.key.printable(64)); "
          + (near ?? "write one of: \(keys.joined(separator: ", "))"))
    }
  }

  /// A text without control characters; nil if missing.
  func text(_ key: String) -> String? {
    guard let value = value(key) else { return nil }
    guard case .text(let text) = value.content else {
      problem(key, "it is not a text. Write it in quotes")
      return nil
    }
    return checked(text, key, value.place)
  }

  private func checked(_ text: String, _ key: String, _ place: ConfigurationPlace) -> String? {
    guard !text.isEmpty, text.utf8.count <= 256, text == text.printable() else {
      report(
        place,
        "\(key): a text has 1 to 256 bytes and no control characters. Write a shorter, plain one")
      return nil
    }
    return text
  }

  /// A name or a number, as text; nil if missing.
  func name(_ key: String) -> String? {
    if case .number(let number)? = value(key)?.content { return "\(number)" }
    return text(key)
  }

  /// A whole number in a range; nil if missing.
  func number(_ key: String, _ range: ClosedRange<Int>) -> Int? {
    guard let value = value(key) else { return nil }
    guard case .number(let number) = value.content, range.contains(number) else {
      problem(key, "write a whole number from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return number
  }

  /// true or false; nil if missing.
  func flag(_ key: String) -> Bool? {
    guard let value = value(key) else { return nil }
    guard case .flag(let flag) = value.content else {
      problem(key, "write true or false")
      return nil
    }
    return flag
  }

  /// A number of bytes, or `"16 MiB"`; nil if missing.
  func byteCount(_ key: String, _ range: ClosedRange<Int>) -> Int? {
    guard let value = value(key) else { return nil }
    var count: Int?
    if case .number(let number) = value.content { count = number }
    if case .text(let text) = value.content { count = Int(byteCount: text) }
    guard let count, range.contains(count) else {
      // Both bounds are within the range, and the lower one is a round number.
      problem(
        key,
        "write bytes from \(range.lowerBound) to \(range.upperBound), such as "
          + "\(range.lowerBound) or \"\(range.lowerBound.byteCountText)\"")
      return nil
    }
    return count
  }

  /// A list of words and numbers, each as text with its position; nil if missing.
  func words(_ key: String) -> [ConfigurationWord]? {
    guard let value = value(key) else { return nil }
    guard case .list(let array) = value.content else {
      problem(key, "it is no list. Write [\"…\", \"…\"]")
      return nil
    }
    var words: [ConfigurationWord] = []
    for value in array {
      switch value.content {
      case .number(let number): words.append(ConfigurationWord(text: "\(number)", value.place))
      case .text(let text):
        guard let text = checked(text, key, value.place) else { return nil }
        words.append(ConfigurationWord(text: text, value.place))
      default:
        report(value.place, "\(key): a value of the list is neither text nor number")
        return nil
      }
    }
    return words
  }

  /// Reports what is wrong with one word of a list.
  func problem(_ key: String, _ word: ConfigurationWord, _ cause: String) {
    report(word.place, "\(key): \(cause)")
  }

  /// A table below this one; nil if missing.
  func table(_ key: String) -> ConfigurationTable? {
    guard let value = value(key) else { return nil }
    guard case .table = value.content else {
      problem(key, "it is no table. Write [\(key)], or \(key) = { … }")
      return nil
    }
    return ConfigurationTable(path, "\(subject)\(key): ", value, problems)
  }

  /// The tables of a list, `[[key]]`; empty if missing.
  func tables(_ key: String) -> [ConfigurationTable] {
    guard let value = value(key) else { return [] }
    guard case .list(let array) = value.content else {
      problem(key, "it is no list of tables. Write [[\(key)]]")
      return []
    }
    return array.compactMap { value in
      guard case .table = value.content else {
        report(value.place, "\(key): it is no table. Write [[\(key)]]")
        return nil
      }
      return ConfigurationTable(path, "\(key): ", value, problems)
    }
  }
}

/// A word of a list, and its position.
struct ConfigurationWord {
  let text: String
  let place: ConfigurationPlace

  init(text: String, _ place: ConfigurationPlace) {
    self.text = text
    self.place = place
  }
}

extension Int {
  private static var units: [(name: String, shift: Int)] {
    [("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0)]
  }

  /// Parses `"16 MiB"`; nil for anything else, or on overflow.
  init?(byteCount text: String) {
    let words = text.split(separator: " ")
    guard words.count == 2, let number = Int(digits: words[0]),
      let unit = Int.units.first(where: { $0.name == words[1] }), number <= Int.max >> unit.shift
    else { return nil }
    self = number << unit.shift
  }

  /// The number in the largest unit that divides it.
  fileprivate var byteCountText: String {
    for unit in Int.units where self > 0 && self & ((1 << unit.shift) - 1) == 0 {
      return "\(self >> unit.shift) \(unit.name)"
    }
    return "\(self) B"
  }
}

extension String {
  /// The most likely intended word; nil if none is near.
  func nearest(of words: [String]) -> String? {
    guard utf8.count <= 32 else { return nil }
    let distances = words.map { (word: $0, distance: distance(to: $0)) }
    guard let best = distances.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= Swift.min(3, Swift.max(1, utf8.count / 2)) ? best.word : nil
  }

  /// How many bytes to insert, remove or change to turn one into the other.
  private func distance(to other: String) -> Int {
    let (own, other) = (Array(utf8), Array(other.utf8))
    var row = Array(0...other.count)
    for (index, byte) in own.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for (column, wanted) in other.enumerated() {
        let change = diagonal + (byte == wanted ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = Swift.min(change, diagonal + 1, row[column] + 1)
      }
    }
    return row[other.count]
  }
}
