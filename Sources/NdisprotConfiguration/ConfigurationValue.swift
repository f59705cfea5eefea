internal import NDIS
internal import TOMLKit

/// A value of a file, in memory of its own.
///
/// TOMLKit frees no table, and none of the texts and numbers that it hands out. So each value is taken
/// once, and what was parsed is emptied; who reads a file that has not changed takes what is known.
enum ConfigurationValue: Sendable {
  case text(String)
  case number(Int)
  case flag(Bool)
  case list([ConfigurationValue])
  case table([String: ConfigurationValue])
  /// A fraction: nothing in the configuration is one.
  case other

  /// Parses a file.
  static func parse(
    _ file: ConfigurationText
  ) throws(ConfigurationError) -> [String: ConfigurationValue] {
    if let missing = MissingValue(in: file.text) {
      throw ConfigurationError(
        "\(file.path):\(missing.line):\(missing.column)",
        "no value or name of a configuration can stand here: it is missing, a time, has too many "
          + "parts or a zero byte. Write one, texts in quotes")
    }
    do {
      let root = try TOMLTable(string: file.text)
      defer { root.clear() }
      return values(of: root)
    } catch let error as TOMLParseError {
      let at = error.source.begin
      throw ConfigurationError(
        "\(file.path):\(at.line):\(at.column)", error.description.printable())
    } catch {
      throw ConfigurationError(file.path, "\(error)")
    }
  }

  private static func values(of table: TOMLTable) -> [String: ConfigurationValue] {
    var values: [String: ConfigurationValue] = [:]
    for key in table.keys { values[key] = table[key].map(ConfigurationValue.init) }
    return values
  }

  private init(_ value: any TOMLValueConvertible) {
    if let text = value.string {
      self = .text(text)
    } else if let number = value.int {
      self = .number(number)
    } else if let flag = value.bool {
      self = .flag(flag)
    } else if let array = value.array {
      self = .list((0..<array.count).map { ConfigurationValue(array[$0]) })
    } else if let table = value.table {
      self = .table(ConfigurationValue.values(of: table))
    } else {
      self = .other
    }
  }
}

/// The files that were read last, as their text was then.
struct ParsedFiles: Sendable {
  private struct File: Sendable {
    let text: String
    let values: [String: ConfigurationValue]
  }
  private var files: [String: File] = [:]

  /// The table of a file, parsed if its text is another than the last.
  mutating func table(
    of file: ConfigurationText
  ) throws(ConfigurationError) -> ConfigurationTable {
    if let known = files[file.path], known.text == file.text {
      return ConfigurationTable(file.path, known.values)
    }
    let values = try ConfigurationValue.parse(file)
    files[file.path] = File(text: file.text, values: values)
    return ConfigurationTable(file.path, values)
  }

  /// Forgets the files that are no more.
  mutating func keep(_ paths: [String]) {
    files = files.filter { paths.contains($0.key) }
  }
}
