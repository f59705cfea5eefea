internal import Logging
internal import NdisprotServer
internal import Platform
internal import WDF

extension Logger {
  /// Logs what the server tells; programs find its fields in the journal.
  func record(_ record: LogRecord) {
    var fields: Metadata = [:]
    fields["MESSAGE_ID"] = record.event.map { "\($0.rawValue)" }
    fields["NDISPROT_BINDING"] = record.binding.map { "\($0)" }
    fields["NDISPROT_CLIENT"] = record.client.map { "\($0)" }
    log(level: record.level.level, "\(record.text)", metadata: fields)
  }
}

extension NdisprotServer.LogLevel {
  /// The same in swift-log's words.
  var level: Logger.Level {
    switch self {
    case .debug: .debug
    case .info: .info
    case .warning: .warning
    case .error: .error
    }
  }
}

/// Sends log lines where the user reads who started the daemon: the journal or standard error.
///
/// - Returns: the journal, if that is it
func startLogging() -> Journal? {
  let threshold = LogThreshold()
  let journal = Journal()
  LoggingSystem.bootstrap { _ in
    guard let journal else { return StandardErrorHandler(threshold) }
    return JournalHandler(journal, threshold)
  }
  return journal
}

/// The level of every logger there is: a reload changes it for all.
///
/// - Thread: any
final class LogThreshold: Sendable {
  private let current = LockedValue(Logger.Level.info)

  var level: Logger.Level {
    get { current.withLock { $0 } }
    set { current.withLock { $0 = newValue } }
  }
}
