internal import Glibc
internal import Logging
internal import NDIS

/// Standard error, which is a terminal, a file, or a pipe whose reader may have stopped.
enum StandardError {
  /// A pipe that is writable has room for at least this many bytes (pipe(7)).
  private static let lineByteCount = 4_096

  /// Writes a line, or drops it if it cannot be written at once: the daemon never blocks on its
  /// log.
  static func write(_ text: String, after prefix: String = "ndisprotd: ") {
    var poller = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
    guard unsafe poll(&poller, 1, 0) == 1 else { return }
    let line = Array("\(prefix)\(text)".utf8.prefix(lineByteCount - 1)) + [UInt8(ascii: "\n")]
    _ = unsafe Glibc.write(2, line, line.count)
  }
}

/// Writes log lines to standard error: `level: message`, without the level for `info`.
struct StandardErrorHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  private let threshold: LogThreshold

  init(_ threshold: LogThreshold) { self.threshold = threshold }

  var logLevel: Logger.Level {
    get { threshold.level }
    set { threshold.level = newValue }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let prefix = event.level == .info ? "" : "\(event.level): "
    StandardError.write(prefix + "\(event.message)".printable())
  }
}
