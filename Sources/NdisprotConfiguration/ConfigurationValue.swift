internal import NDIS

/// A value of a file, with its position.
struct ConfigurationValue: Sendable {
  /// The kinds of values.
  enum Content: Sendable {
    case text(String)
    case number(Int)
    case flag(Bool)
    case list([ConfigurationValue])
    case table([ConfigurationEntry])
    /// A fraction or a time, which no key of the configuration accepts.
    case other
  }

  let place: ConfigurationPlace
  let content: Content
}

/// A key of a table, and its value.
struct ConfigurationEntry: Sendable {
  let key: String
  let place: ConfigurationPlace
  let value: ConfigurationValue
}

/// The last parsed files, with their text at that time.
struct ParsedFiles: Sendable {
  private struct File: Sendable {
    let text: String
    let root: ConfigurationValue
  }
  private var files: [String: File] = [:]

  /// The table of a file, which is parsed only if its text has changed.
  mutating func table(
    of file: ConfigurationText, _ problems: ProblemList
  ) -> ConfigurationTable? {
    let root: ConfigurationValue
    if let known = files[file.path], known.text == file.text {
      root = known.root
    } else {
      do throws(ConfigurationProblem) {
        root = try ConfigurationValue.parse(file)
      } catch {
        problems.add(error)
        return nil
      }
      files[file.path] = File(text: file.text, root: root)
    }
    return ConfigurationTable(file.path, "", root, problems)
  }

  /// Drops all files but these.
  mutating func keep(_ paths: [String]) {
    files = files.filter { paths.contains($0.key) }
  }
}

extension ConfigurationProblem: Error {}
