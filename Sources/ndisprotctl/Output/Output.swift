internal import ArgumentParser
internal import Glibc
internal import NdisprotClient

/// What the program says when something fails: every sentence is made here.
///
/// `ndisprotctl: what failed: cause. remedy`, or with `--json` an object of the event `error`.
struct Output {
  let isJSON: Bool
  let standard = StandardOutput()

  /// What a sentence about a failure needs to know besides the error.
  struct Context {
    /// What failed, as a verb and its object: `read np0`.
    var what: String
    /// The socket the daemon was looked for at.
    var socketPath: String
    /// The binding that was meant.
    var binding = ""
    /// The bindings that are there, if that was asked.
    var present: [String]?
    /// What was under way, for an error that does not say.
    var operation: Operation
  }

  /// Reports a failure, and returns what the program ends with.
  func report(_ error: ClientError, _ context: Context) -> Failure {
    let message = Output.message(for: error, context)
    let operation = error.operation ?? context.operation
    report(message, operation: operation, error.status, name: error.name, reason: error.reason)
    return Failure(exitCode: error.exitCode)
  }

  /// Reports frames that were not sent.
  func report(_ failures: WriteReport, _ context: Context) -> Failure {
    let byCount = failures.failures.sorted { $0.value > $1.value }
    let status = byCount.first?.key ?? .sendFailed
    let error: ClientError =
      status == .notPermitted && !failures.reason.isEmpty
      ? .denied(status, .write, reason: failures.reason)
      : .refused(status, .write, bytesNeeded: failures.limitByteCount)
    let (cause, remedy) = Output.words(for: error, context)
    let failed = failures.failed == 1 ? "1 frame was" : "\(failures.failed) frames were"
    let message =
      "\(context.what): \(failed) not sent: \(cause). \(remedy)"
    report(
      message, operation: .write, status, name: status.name(in: .write), reason: error.reason)
    return Failure(exitCode: 1)
  }

  /// Reports a file that could not be written.
  func report(unwritable path: String, _ error: SystemError, _ context: Context) -> Failure {
    let message =
      "\(context.what): \(path) cannot be written: \(error.call): \(error.words). "
      + "Name a file with --file in a directory where you may make one"
    report(message, operation: context.operation, nil, name: "system")
    return Failure(exitCode: 1)
  }

  /// Reports a failure that is none of the client library.
  func report(_ cause: String, _ remedy: String, name: String, _ context: Context) -> Failure {
    report(
      "\(context.what): \(cause). \(remedy)", operation: context.operation, nil, name: name)
    return Failure(exitCode: 1)
  }

  /// Reports that the daemon, which is a service, does not run.
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
      Output.writeError(message)
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

  /// Says something beside the output, for people.
  func hint(_ text: String) { Output.writeError(text) }

  private static func writeError(_ message: String) {
    StandardOutput.write(Array("ndisprotctl: \(message)\n".utf8), to: STDERR_FILENO)
  }

  /// Ends the program because its output cannot be written.
  static func endUnwritten(_ cause: Int32) -> Never {
    let words = SystemError(errno: cause, call: "write").words
    writeError("the output cannot be written: \(words). Make room, or write it elsewhere")
    exit(74)
  }

  // MARK: Usage

  /// Reports what the parser says; help and version are no errors.
  ///
  /// - Returns: the exit code
  static func reportUsage(_ error: any Error) -> Int32 {
    let code = NdisprotctlCommand.exitCode(for: error)
    let text = NdisprotctlCommand.fullMessage(for: error)
    guard !code.isSuccess else {
      StandardOutput.write(Array("\(text)\n".utf8), to: STDOUT_FILENO)
      return 0
    }
    let lines = text.split(separator: "\n")
    let usage = lines.first { $0.hasPrefix("Usage: ") }?.dropFirst("Usage: ".count)
    let cause = NdisprotctlCommand.message(for: error)
    let remedy =
      forms.first { cause.hasSuffix("'\($0.argument)'") || cause.hasSuffix(" \($0.argument)'") }
      .map { "Write \($0.form)" } ?? "Write: \(usage ?? "ndisprotctl SUBCOMMAND"), or see --help"
    let stop = cause.hasSuffix("?") || cause.hasSuffix(".") ? " " : ". "
    writeError("usage: " + cause + (cause.contains(". Write ") ? "" : stop + remedy))
    return 64
  }

  /// What to write for an argument whose value is none, by the name that the parser gives it.
  private static let forms: [(argument: String, form: String)] = [
    ("<oid>", "a name that 'ndisprotctl oids' lists, or a number such as 0x01010102"),
    ("<binding>", "the name of an interface such as eth0, or @ and its index such as @2"),
    ("<type>", "a name such as lldp, a number from 0x0600 to 0xfffe, llc, or any"),
    ("<mac>", "an address such as 02:00:00:00:00:01"),
    ("<s>", "seconds such as 5 or 0.5"),
    ("<count>", "a whole number such as 10"),
    ("<length>", "a whole number such as 60"),
    ("<bytes>", "a whole number such as 64"),
    ("<frames>", "a whole number such as 512"),
  ]
}
