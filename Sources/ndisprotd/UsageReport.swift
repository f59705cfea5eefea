internal import ArgumentParser
internal import Glibc
internal import Miniport
internal import NdisprotServer
internal import Platform

/// Prints the parser's message: a usage error in one line on standard error, help and version on
/// standard output.
///
/// - Returns: the exit code; 1 where help cannot be printed
func reportUsage(_ error: any Error) -> Int32 {
  let code = NdisprotdCommand.exitCode(for: error)
  let columns = min(max(Terminal.columnCount(of: STDOUT_FILENO) ?? 80, 40), 120)
  let text = NdisprotdCommand.fullMessage(for: error, columns: columns)
  guard code.isSuccess else {
    // The daemon has reported the error already.
    if text.isEmpty { return code.rawValue }
    let cause = NdisprotdCommand.message(for: error)
    report(UsageMessage(cause: cause, full: text, forms: forms).text)
    return ExitStatus.usage
  }
  do throws(SystemError) {
    try writeAll(Array("\(text)\n".utf8), to: STDOUT_FILENO)
    return 0
  } catch {
    guard error.errno != EPIPE else { return 1 }
    report("the output cannot be written: \(error.words). Make room, or write it elsewhere")
    return 1
  }
}

private func report(_ sentence: String) {
  let hasColor = Terminal.hasColor(STDERR_FILENO, .auto)
  let name = hasColor ? TextStyle.red.painted("ndisprotd:") : "ndisprotd:"
  let columns = Terminal.ownColumnCount(of: STDERR_FILENO) ?? .max
  let text = "\(name) \(sentence)".wrapped(to: columns, indent: 2)
  // Without a standard error there is no other place to report it.
  try? writeAll(Array("\(text)\n".utf8), to: STDERR_FILENO)
}

private let forms = [
  UsageMessage.Form("<profile>") { _ in "Write latency, throughput or realtime" },
  UsageMessage.Form("<log-level>") { _ in "Write debug, info, warning or error" },
]

extension NdisprotdCommand {
  /// The output of `--version`.
  static var versionText: String {
    Build.text([CaptureLibrary.version, "protocol \(DaemonIdentity.protocolVersion)"])
  }
}
