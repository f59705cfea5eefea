internal import Platform

/// The files of a configuration, which can be read repeatedly.
///
/// An unchanged file is not parsed again.
///
/// - Thread: any; one at a time reads
public final class ConfigurationSource: Sendable {
  private let path: String
  private let parsed = LockedValue(ParsedFiles())

  /// Names the first file; `conf.d` is in the same directory.
  public init(path: String) { self.path = path }

  /// Reads the files.
  ///
  /// - Throws: all problems; then nothing is applied
  public func load() throws(ConfigurationError) -> DaemonConfiguration {
    let files = try ConfigurationText.all(of: path)
    return try parsed.withLock { parsed throws(ConfigurationError) in
      let loaded = try DaemonConfiguration(files, &parsed)
      parsed.keep(files.map(\.path))
      return loaded
    }
  }
}
