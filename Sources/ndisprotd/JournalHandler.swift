internal import CLinux
internal import Glibc
internal import Logging
internal import Synchronization

/// The socket on which journald accepts entries with fields.
///
/// - Thread: any; never blocks
final class Journal: Sendable {
  private let port: DatagramPort
  private let lostCount = Atomic(0)

  /// The journal, if standard error is connected to it; nil on a terminal, a pipe or a file.
  ///
  /// - Source: JOURNAL_STREAM, systemd.exec(5)
  init?(path: String = "/run/systemd/journal/socket") {
    var status = stat()
    guard let stream = environmentText("JOURNAL_STREAM"), unsafe fstat(2, &status) == 0,
      stream == "\(status.st_dev):\(status.st_ino)", let port = DatagramPort(path: path)
    else { return nil }
    self.port = port
  }

  /// Writes an entry; if journald is gone, its line goes to standard error.
  func write(_ record: JournalRecord, line: String) {
    var record = record
    let lost = lostCount.load(ordering: .relaxed)
    if lost > 0 { record.add("NDISPROT_LOST_LINES", "\(lost)") }
    switch port.send(record.encoded) {
    case 0: lostCount.subtract(lost, ordering: .relaxed)
    // journald exists and reads nothing: then standard error has no reader either.
    case EAGAIN, ENOBUFS: lostCount.add(1, ordering: .relaxed)
    default: StandardError.write(line)
    }
  }
}

/// Writes log lines to the journal, with fields for programs.
struct JournalHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  private let journal: Journal
  private let threshold: LogThreshold

  init(_ journal: Journal, _ threshold: LogThreshold) {
    self.journal = journal
    self.threshold = threshold
  }

  var logLevel: Logger.Level {
    get { threshold.level }
    set { threshold.level = newValue }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var record = JournalRecord()
    record.add("MESSAGE", "\(event.message)")
    record.add("PRIORITY", JournalHandler.priority(of: event.level))
    record.add("SYSLOG_IDENTIFIER", "ndisprotd")
    for (key, value) in event.metadata ?? [:] { record.add(key, "\(value)") }
    journal.write(record, line: "\(event.message)")
  }

  /// The level as syslog(3) numbers it.
  private static func priority(of level: Logger.Level) -> String {
    switch level {
    case .trace, .debug: "7"
    case .info: "6"
    case .notice: "5"
    case .warning: "4"
    case .error: "3"
    case .critical: "2"
    }
  }
}
