internal import Glibc
internal import NdisprotClient
internal import Platform

/// The program's messages about failures: all sentences are made here.
///
/// `ndisprotctl: what failed: cause. remedy`, or with `--json` an object of the event `error`.
struct Output {
  let isJSON: Bool
  let screen: Screen
  let standard = StandardOutput()

  init(isJSON: Bool, color: Terminal.ColorChoice = .auto) {
    self.isJSON = isJSON
    screen = Screen(color: color)
  }

  /// What a message about a failure needs besides the error.
  struct Context {
    /// What failed, as a verb and its object: `read np0`.
    var what: String
    /// The socket where the daemon was expected.
    var socketPath: String
    /// The binding concerned.
    var binding = ""
    /// The existing bindings, if they were queried.
    var present: [String]?
    /// Why no connection is possible, if that was checked.
    var unreachable: Unreachable?
    /// The interface of this machine with that name, if that was checked.
    var localInterface: LocalInterface?
    /// The operation in progress, for an error that does not include it.
    var operation: Operation
  }

  /// Reports a failure, and returns the program's exit code.
  func report(_ error: ClientError, _ context: Context) -> Failure {
    let message = Output.message(for: error, context)
    let operation = error.operation ?? context.operation
    report(message, operation: operation, error.status, name: error.name, reason: error.reason)
    return Failure(exitCode: error.exitCode)
  }

  /// Reports frames that were not sent.
  func report(_ failures: WriteReport, ofFile: Bool, _ context: Context) -> Failure {
    let byCount = failures.failures.sorted { $0.value > $1.value }
    let status = byCount.first?.key ?? .sendFailed
    let error: ClientError =
      status == .notPermitted && !failures.reason.isEmpty
      ? .denied(status, .write, reason: failures.reason)
      : .refused(status, .write, bytesNeeded: failures.limitByteCount)
    let (cause, usualRemedy) = Output.words(for: error, context)
    let remedy = ofFile ? Output.remedy(ofFile: status) ?? usualRemedy : usualRemedy
    let failed = failures.failed == 1 ? "1 frame was" : "\(failures.failed) frames were"
    // Of several reasons the most frequent; a summary counts them all.
    let share = byCount.count > 1 ? ", \(byCount[0].value) of them because" : ":"
    let message =
      "\(context.what): \(failed) not sent\(share) \(cause). \(remedy)"
    report(
      message, operation: .write, status, name: status.name(in: .write), reason: error.reason)
    return Failure(exitCode: 1)
  }

  /// Reports a file that could not be written.
  func report(
    unwritable path: String, _ error: SystemError, _ remedy: String, _ context: Context
  ) -> Failure {
    let message =
      "\(context.what): \(path) cannot be written: \(error.call): \(error.words). \(remedy)"
    report(message, operation: context.operation, nil, name: "system")
    return Failure(exitCode: 1)
  }

  /// Reports a failure that does not come from the client library.
  func report(_ cause: String, _ remedy: String, name: String, _ context: Context) -> Failure {
    report(
      "\(context.what): \(cause). \(remedy)", operation: context.operation, nil, name: name)
    return Failure(exitCode: 1)
  }

  /// Reports that the daemon's service is not running.
  func report(sleeping service: ServiceUnit, _ socket: ServiceUnit, _ context: Context) -> Failure {
    let (cause, remedy) = Output.words(sleeping: service, socket, context)
    report(
      "\(context.what): \(cause). \(remedy)", operation: .connect, nil, name: "cannotReach")
    return Failure(exitCode: 3)
  }

  private func report(
    _ message: String, operation: Operation, _ status: CompletionStatus?, name: String,
    reason: String? = nil
  ) {
    guard isJSON else {
      standard.flush()
      hint(message)
      return
    }
    var line = JSONLine()
    line.add("event", "error")
    line.add("operation", operation.rawValue)
    if let status {
      line.add("status", status.ntStatus.rawValue.hexText)
    } else {
      line.add("status", raw: "null")
    }
    line.add("name", name)
    if let reason { line.add("reason", reason) }
    line.add("message", message)
    standard.writeLine(line.closed)
    standard.flush()
  }

  /// Prints a message for people, separate from the output.
  func hint(_ text: String) {
    StandardOutput.write(Array("\(screen.message(text))\n".utf8), to: STDERR_FILENO)
  }

  /// The same before options are parsed.
  static func writeError(_ message: String) {
    StandardOutput.write(
      Array("\(Screen(color: .auto).message(message))\n".utf8), to: STDERR_FILENO)
  }

  /// Prints rows so that they fit the screen.
  ///
  /// - Parameters:
  ///   - rows: the cells
  ///   - hasHeading: whether the first row names the columns
  func printTable(_ rows: [[String]], hasHeading: Bool = true) {
    TextTable.lines(rows, on: screen, hasHeading: hasHeading).forEach(standard.writeLine)
  }

  /// Ends the program because its output cannot be written.
  static func endUnwritten(_ cause: SystemError) -> Never {
    let text = "the output cannot be written: \(cause.words). Make room, or write it elsewhere"
    writeError(text)
    // Not exit(3): buffered output cannot be written either.
    _exit(1)
  }
}

extension String {
  /// Several lines as one, for a message.
  func inOneLine() -> String {
    split(separator: "\n").map { String($0).printable() }.joined(separator: "; ")
  }
}
