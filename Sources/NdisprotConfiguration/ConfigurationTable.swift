internal import NDIS

/// One table of a configuration file, read strictly: every key is asked for, or it is an error.
struct ConfigurationTable {
  /// The file and the table: `ndisprotd.toml: rule[2]`.
  let place: String
  private let values: [String: ConfigurationValue]
  private let separator: String

  /// Makes the table of a whole file, or one below another.
  init(_ place: String, _ values: [String: ConfigurationValue], separator: String = ": ") {
    self.place = place
    self.values = values
    self.separator = separator
  }

  /// Says what is wrong with a key's value.
  func error(_ key: String, _ cause: String) -> ConfigurationError {
    ConfigurationError("\(place)\(separator)\(key)", cause)
  }

  /// Refuses every key but these.
  func allow(_ keys: [String]) throws(ConfigurationError) {
    for key in values.keys.sorted() where !keys.contains(key) {
      throw error(
        key.printable(), "there is no such key. Write one of: \(keys.joined(separator: ", "))")
    }
  }

  /// A text without control characters; nil if the key is not there.
  func text(_ key: String) throws(ConfigurationError) -> String? {
    guard let value = values[key] else { return nil }
    guard case .text(let text) = value else {
      throw error(key, "it is no text. Write it in quotes")
    }
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
    guard let value = values[key] else { return nil }
    guard case .number(let number) = value, range.contains(number) else {
      throw error(key, "write a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// true or false; nil if the key is not there.
  func flag(_ key: String) throws(ConfigurationError) -> Bool? {
    guard let value = values[key] else { return nil }
    guard case .flag(let flag) = value else { throw error(key, "write true or false") }
    return flag
  }

  /// Bytes, as a number or as `"16 MiB"`; nil if the key is not there.
  func byteCount(_ key: String, _ range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
    guard let value = values[key] else { return nil }
    let units = ["B": 0, "KiB": 10, "MiB": 20, "GiB": 30]
    var count: Int?
    if case .number(let number) = value { count = number }
    if case .text(let text) = value {
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
    guard let value = values[key] else { return nil }
    guard case .list(let array) = value else {
      throw error(key, "it is no list. Write [\"…\", \"…\"]")
    }
    var words: [String] = []
    for (index, value) in array.enumerated() {
      switch value {
      case .number(let number): words.append("\(number)")
      case .text(let text): words.append(try checked(text, "\(key)[\(index)]"))
      default: throw error("\(key)[\(index)]", "it is neither text nor number")
      }
    }
    return words
  }

  /// A table below this one; nil if the key is not there.
  func table(_ key: String) throws(ConfigurationError) -> ConfigurationTable? {
    guard let value = values[key] else { return nil }
    guard case .table(let below) = value else {
      throw error(key, "it is no table. Write [\(key)], or \(key) = { … }")
    }
    return ConfigurationTable("\(place)\(separator)\(key)", below, separator: ".")
  }

  /// The tables of a list, `[[key]]`; none if the key is not there.
  func tables(_ key: String) throws(ConfigurationError) -> [ConfigurationTable] {
    guard let value = values[key] else { return [] }
    guard case .list(let array) = value else {
      throw error(key, "it is no list of tables. Write [[\(key)]]")
    }
    var tables: [ConfigurationTable] = []
    for (index, value) in array.enumerated() {
      guard case .table(let below) = value else {
        throw error("\(key)[\(index)]", "it is no table. Write [[\(key)]]")
      }
      tables.append(
        ConfigurationTable("\(place)\(separator)\(key)[\(index)]", below, separator: "."))
    }
    return tables
  }
}
