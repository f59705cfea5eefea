internal import NDIS
internal import TOMLKit

/// One table of a configuration file, read strictly: every key is asked for, or it is an error.
struct ConfigurationTable {
  /// The file and the table: `ndisprotd.toml: rule[2]`.
  let place: String
  private let table: TOMLTable
  private let separator: String

  /// Parses a file.
  init(_ file: ConfigurationText) throws(ConfigurationError) {
    if let missing = MissingValue(in: file.text) {
      throw ConfigurationError(
        "\(file.path):\(missing.line):\(missing.column)",
        "a value or a name is missing here, or has too many parts. Write one")
    }
    do {
      table = try TOMLTable(string: file.text)
    } catch let error as TOMLParseError {
      let at = error.source.begin
      throw ConfigurationError(
        "\(file.path):\(at.line):\(at.column)", error.description.printable())
    } catch {
      throw ConfigurationError(file.path, "\(error)")
    }
    place = file.path
    separator = ": "
  }

  private init(_ place: String, _ table: TOMLTable) {
    self.place = place
    self.table = table
    separator = "."
  }

  /// Says what is wrong with a key's value.
  func error(_ key: String, _ cause: String) -> ConfigurationError {
    ConfigurationError("\(place)\(separator)\(key)", cause)
  }

  /// Refuses every key but these.
  func allow(_ keys: [String]) throws(ConfigurationError) {
    for key in table.keys where !keys.contains(key) {
      throw error(
        key.printable(), "there is no such key. Write one of: \(keys.joined(separator: ", "))")
    }
  }

  /// Whether the key is there.
  func has(_ key: String) -> Bool { table.contains(key: key) }

  /// A text without control characters; nil if the key is not there.
  func text(_ key: String) throws(ConfigurationError) -> String? {
    guard let value = table[key] else { return nil }
    guard let text = value.string else { throw error(key, "it is no text. Write it in quotes") }
    return try checked(text, key)
  }

  private func checked(_ text: String, _ key: String) throws(ConfigurationError) -> String {
    guard !text.isEmpty, text.utf8.count <= 256, text == text.printable() else {
      throw error(
        key, "a text has 1 to 256 bytes and no control characters. Write a shorter, plain one")
    }
    return text
  }

  /// A whole number in a range; nil if the key is not there.
  func number(_ key: String, _ range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
    guard let value = table[key] else { return nil }
    guard let number = value.int, range.contains(number) else {
      throw error(key, "write a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// true or false; nil if the key is not there.
  func flag(_ key: String) throws(ConfigurationError) -> Bool? {
    guard let value = table[key] else { return nil }
    guard let flag = value.bool else { throw error(key, "write true or false") }
    return flag
  }

  /// Bytes, as a number or as `"16 MiB"`; nil if the key is not there.
  func byteCount(_ key: String, _ range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
    guard let value = table[key] else { return nil }
    let units = ["B": 0, "KiB": 10, "MiB": 20, "GiB": 30]
    var count = value.int
    if let text = value.string {
      let words = text.split(separator: " ")
      if words.count == 2, let number = Int(words[0]), let shift = units[String(words[1])],
        number >= 0, number <= Int.max >> shift
      {
        count = number << shift
      }
    }
    guard let count, range.contains(count) else {
      throw error(
        key,
        "write bytes from \(range.lowerBound) to \(range.upperBound), such as 65536 or "
          + "\"16 MiB\"")
    }
    return count
  }

  /// A list of words and numbers, both as text; nil if the key is not there.
  func words(_ key: String) throws(ConfigurationError) -> [String]? {
    guard let value = table[key] else { return nil }
    guard let array = value.array else {
      throw error(key, "it is no list. Write [\"…\", \"…\"]")
    }
    var words: [String] = []
    for index in 0..<array.count {
      if let number = array[index].int {
        words.append("\(number)")
      } else if let text = array[index].string {
        words.append(try checked(text, "\(key)[\(index)]"))
      } else {
        throw error("\(key)[\(index)]", "it is neither text nor number")
      }
    }
    return words
  }

  /// A table below this one; nil if the key is not there.
  func table(_ key: String) throws(ConfigurationError) -> ConfigurationTable? {
    guard let value = table[key] else { return nil }
    guard let below = value.table else {
      throw error(key, "it is no table. Write [\(key)], or \(key) = { … }")
    }
    return ConfigurationTable("\(place)\(separator)\(key)", below)
  }

  /// The tables of a list, `[[key]]`; none if the key is not there.
  func tables(_ key: String) throws(ConfigurationError) -> [ConfigurationTable] {
    guard let value = table[key] else { return [] }
    guard let array = value.array else {
      throw error(key, "it is no list of tables. Write [[\(key)]]")
    }
    var tables: [ConfigurationTable] = []
    for index in 0..<array.count {
      guard let below = array[index].table else {
        throw error("\(key)[\(index)]", "it is no table. Write [[\(key)]]")
      }
      tables.append(ConfigurationTable("\(place)\(separator)\(key)[\(index)]", below))
    }
    return tables
  }
}
