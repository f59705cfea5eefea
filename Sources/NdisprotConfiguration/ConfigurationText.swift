internal import Glibc
internal import Platform

/// The text of one configuration file, which is checked before it is trusted.
///
/// A user with write access to the file could grant itself every right: the file must belong to
/// root or to the daemon's user, and must not be writable by others.
public struct ConfigurationText: Sendable {
  /// Ample: a thousand rules take a hundred kilobytes.
  public static let maximumByteCount = 4 << 20

  /// The path of the file.
  public let path: String
  /// Its contents.
  public let text: String

  /// Wraps a text that is already read.
  public init(path: String, text: String) {
    self.path = path
    self.text = text
  }

  /// Reads a file.
  ///
  /// - Throws: why the file cannot be read, or cannot be trusted
  public init(path: String) throws(ConfigurationError) {
    self.path = path
    let file = unsafe open(path.systemString, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else {
      throw ConfigurationError(
        path, "it cannot be opened: \(lastWords()). Name an existing file")
    }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ConfigurationError(path, "it is no regular file. Name a file, not a directory")
    }
    guard status.st_uid == 0 || status.st_uid == geteuid() else {
      throw ConfigurationError(
        path,
        "it belongs to user \(status.st_uid), which could grant itself every right. "
          + "Write: chown root \(path)")
    }
    guard status.st_mode & 0o022 == 0 else {
      throw ConfigurationError(
        path, "users other than its owner may write to it. Write: chmod go-w \(path)")
    }
    guard status.st_size <= ConfigurationText.maximumByteCount else {
      throw ConfigurationError(
        path, "it has more than \(ConfigurationText.maximumByteCount >> 20) MiB. Make it shorter")
    }
    var bytes = [UInt8](repeating: 0, count: ConfigurationText.maximumByteCount + 1)
    var count = 0
    while count < bytes.count {
      let added = unsafe bytes.withUnsafeMutableBytes {
        unsafe read(file, $0.baseAddress.map { unsafe $0 + count }, $0.count - count)
      }
      if added < 0, errno == EINTR { continue }
      guard added >= 0 else {
        throw ConfigurationError(path, "it cannot be read: \(lastWords())")
      }
      if added == 0 { break }
      count += added
    }
    guard count <= ConfigurationText.maximumByteCount else {
      throw ConfigurationError(path, "it grew while it was read. Reload it")
    }
    bytes.removeSubrange(count...)
    let text = String(systemBytes: bytes)
    if let offset = text.unicodeScalars.firstIndex(where: { $0 == "\0" || $0.isSystemByte }) {
      let before = text.unicodeScalars[..<offset].split(
        separator: "\n", omittingEmptySubsequences: false)
      throw ConfigurationError([
        ConfigurationProblem(
          path, ConfigurationPlace(line: before.count, column: (before.last?.count ?? 0) + 1),
          text.unicodeScalars[offset] == "\0"
            ? "a zero byte, which no text has. Save it as UTF-8, not as UTF-16"
            : "a byte that is not valid UTF-8. Save it as UTF-8")
      ])
    }
    self.text = text
  }

  /// The files of a configuration: the named one, and `conf.d/*.toml` in the same directory,
  /// ordered by the numbers at the start of their names.
  ///
  /// The named file, and a name without a number, count as 50; the named file comes first of those.
  ///
  /// - Throws: the problems of all files that cannot be read; then none is used
  public static func all(of path: String) throws(ConfigurationError) -> [ConfigurationText] {
    let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let names = try names(in: parent + "conf.d").sorted {
      ($0.fileNumber, $0) < ($1.fileNumber, $1)
    }
    let paths =
      names.filter { $0.fileNumber < 50 }.map { "\(parent)conf.d/\($0)" } + [path]
      + names.filter { $0.fileNumber >= 50 }.map { "\(parent)conf.d/\($0)" }
    var texts: [ConfigurationText] = []
    var problems: [ConfigurationProblem] = []
    for path in paths {
      do throws(ConfigurationError) {
        texts.append(try ConfigurationText(path: path))
      } catch {
        problems += error.problems
      }
    }
    if !problems.isEmpty { throw ConfigurationError(problems) }
    return texts
  }

  /// A number that changes with the paths and texts of the files, for comparison by people and
  /// metrics.
  ///
  /// - Source: FNV-1a, 32 bits
  static func hash(of files: [ConfigurationText]) -> UInt32 {
    var hash: UInt32 = 2_166_136_261
    for file in files {
      for part in [file.path, file.text] {
        for byte in part.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        hash = hash &* 16_777_619
      }
    }
    return hash
  }

  private static func names(in directory: String) throws(ConfigurationError) -> [String] {
    var status = stat()
    guard unsafe stat(directory, &status) == 0 else {
      if errno == ENOENT { return [] }
      throw ConfigurationError(directory, "it cannot be examined: \(lastWords())")
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw ConfigurationError(directory, "it is not a directory. Remove it, or make it one")
    }
    guard status.st_uid == 0 || status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
      throw ConfigurationError(
        directory,
        "others may put files into it. Write: chown root \(directory); "
          + "chmod go-w \(directory)")
    }
    guard let stream = unsafe opendir(directory) else {
      throw ConfigurationError(directory, "it cannot be read: \(lastWords())")
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe String(systemString: $0)
        }
      }
      if name.hasSuffix(".toml"), !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }
}

extension String {
  /// The number at the start of a file's name.
  fileprivate var fileNumber: Int { Int(prefix { $0.isASCII && $0.isNumber }) ?? 50 }
}

/// The kernel's words for the call that has just failed.
private func lastWords() -> String { SystemError(failed: "").words }
