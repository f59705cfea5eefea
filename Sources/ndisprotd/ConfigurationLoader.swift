internal import Logging
internal import NdisprotConfiguration
internal import NdisprotServer
internal import Platform

/// The files of `--config`: read at the start and at each reload; their users and groups are looked
/// up again when those change.
///
/// - Thread: one at a time
final class ConfigurationLoader: Sendable {
  /// How long a directory service may delay a start or a reload.
  private static let patienceMilliseconds = 1_500

  /// A reason to look accounts up again later.
  enum Unresolved {
    case nothing
    /// A user or group does not exist.
    case absent
    /// A directory service did not answer, or failed.
    case unanswered
  }

  private struct State {
    var loaded: DaemonConfiguration?
    var results: [AccountName: AccountResult] = [:]
    var warnings: Set<String> = []
  }
  private let source: ConfigurationSource
  let directory: AccountDirectory
  let options: DaemonOptions
  let logger: Logger
  private let state = LockedValue(State())
  let accountWatch = AccountWatch()

  init(_ options: DaemonOptions, _ logger: Logger, _ directory: AccountDirectory) {
    source = ConfigurationSource(path: options.configurationPath)
    self.options = options
    self.logger = logger
    self.directory = directory
  }

  /// Reads the files; the log level follows them, unless the command line sets it.
  func read() throws(ConfigurationError) -> DaemonConfiguration {
    let loaded = try source.load()
    var logger = logger
    logger.logLevel = (options.logLevel ?? loaded.logLevel ?? .info).level
    return loaded
  }

  /// The configuration of the server; warnings go to the log.
  func resolve(_ loaded: DaemonConfiguration) -> ServerConfiguration {
    state.withLock {
      $0.loaded = loaded
      $0.warnings = []
    }
    return refresh(loaded).server
  }

  /// The configuration of the server after users or groups changed; nil if it is the same.
  func refreshed() -> ServerConfiguration? {
    guard let loaded = state.withLock({ $0.loaded }) else { return nil }
    let (server, isChanged) = refresh(loaded)
    return isChanged ? server : nil
  }

  /// The configuration that stands in for unusable files.
  func failure(_ error: ConfigurationError) -> ServerConfiguration {
    ConfigurationRefusal(error).configuration(
      files: [options.configurationPath], isVerified: options.verifier)
  }

  private func refresh(
    _ loaded: DaemonConfiguration
  ) -> (server: ServerConfiguration, isChanged: Bool) {
    let results = directory.results(
      for: loaded.accounts, within: ConfigurationLoader.patienceMilliseconds)
    var (server, warnings) = loaded.resolved(results)
    server.isVerified = options.verifier
    let (fresh, isChanged) = state.withLock { state in
      let fresh = warnings.filter { !state.warnings.contains($0) }
      state.warnings = Set(warnings)
      defer { state.results = results }
      return (fresh, state.results != results)
    }
    for warning in fresh { logger.warning("\(warning)") }
    accountWatch.lookAgain(ConfigurationLoader.unresolved(results))
    return (server, isChanged)
  }

  private static func unresolved(_ results: [AccountName: AccountResult]) -> Unresolved {
    var unresolved = Unresolved.nothing
    for result in results.values {
      if case .unknown = result { return .unanswered }
      if result == .absent { unresolved = .absent }
    }
    return unresolved
  }
}

extension ConfigurationRefusal {
  /// The first problems, up to the limit of what is shown.
  init(_ error: ConfigurationError) {
    var text = ""
    for (index, problem) in error.problems.enumerated() {
      let line = (index == 0 ? "" : "\n") + problem.description
      let rest = "\n\(error.problems.count - index) more"
      guard (text + line + rest).utf8.count <= ConfigurationRefusal.maximumByteCount else {
        text += index == 0 ? String(line.prefix(512)) : rest
        break
      }
      text += line
    }
    self.init(text: text)
  }
}
