internal import Glibc
internal import Logging

/// Writes log lines to standard error: `level: message`, the level left out for `info`.
struct StandardErrorHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  init(label: String) {}

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let prefix = event.level == .info ? "" : "\(event.level): "
    StandardErrorHandler.writeLine("ndisprotd: \(prefix)\(event.message)")
  }

  /// Writes a line as it is.
  static func writeLine(_ text: String) {
    let line = Array("\(text)\n".utf8)
    _ = unsafe write(2, line, line.count)
  }
}
