internal import Logging
internal import NdisprotServer
internal import Platform
internal import WDF

extension Logger {
  /// Logs a record of the server; in the journal programs find its fields.
  func record(_ record: LogRecord) {
    var fields: Metadata = [:]
    fields["MESSAGE_ID"] = record.event.map { "\($0.rawValue)" }
    fields["NDISPROT_BINDING"] = record.binding.map { "\($0)" }
    fields["NDISPROT_CLIENT"] = record.client.map { "\($0)" }
    log(level: record.level.level, "\(record.text)", metadata: fields)
  }
}

extension NdisprotServer.LogLevel {
  /// The same level in swift-log's terms.
  var level: Logger.Level {
    switch self {
    case .debug: .debug
    case .info: .info
    case .warning: .warning
    case .error: .error
    }
  }
}

/// Sends log lines to the journal or to standard error, whichever shows them to the user.
///
/// - Returns: the journal, if it is used
func startLogging() -> Journal? {
  let threshold = LogThreshold()
  let journal = Journal()
  LoggingSystem.bootstrap { _ in
    guard let journal else { return StandardErrorHandler(threshold) }
    return JournalHandler(journal, threshold)
  }
  return journal
}

/// The level of all loggers: a reload changes it for each.
///
/// - Thread: any
final class LogThreshold: Sendable {
  private let current = LockedValue(Logger.Level.info)

  var level: Logger.Level {
    get { current.withLock { $0 } }
    set { current.withLock { $0 = newValue } }
  }
}
