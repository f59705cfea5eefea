internal import Platform

/// The files of a configuration, to be read again and again.
///
/// What has not changed since the last time is not parsed again.
///
/// - Thread: any; one at a time reads
public final class ConfigurationSource: Sendable {
  private let path: String
  private let parsed = LockedValue(ParsedFiles())

  /// Names the first file; those of `conf.d` lie beside it.
  public init(path: String) { self.path = path }

  /// Reads the files.
  ///
  /// - Throws: all that is wrong; then nothing of it counts
  public func load() throws(ConfigurationError) -> DaemonConfiguration {
    let files = try ConfigurationText.all(of: path)
    return try parsed.withLock { parsed throws(ConfigurationError) in
      let loaded = try DaemonConfiguration(files, &parsed)
      parsed.keep(files.map(\.path))
      return loaded
    }
  }
}
