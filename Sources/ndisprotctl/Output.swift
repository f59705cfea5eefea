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
    report(message, operation: operation, error.status, name: error.name)
    return Failure(exitCode: error.exitCode)
  }

  /// Reports frames that were not sent.
  func report(_ failures: WriteReport, _ context: Context) -> Failure {
    let byCount = failures.failures.sorted { $0.value > $1.value }
    let status = byCount.first?.key ?? .sendFailed
    let (cause, remedy) = Output.words(
      for: .refused(status, .write, bytesNeeded: failures.limitByteCount), context)
    let failed = failures.failed == 1 ? "1 frame was" : "\(failures.failed) frames were"
    let message =
      "\(context.what): \(failed) not sent: \(cause). \(remedy)"
    report(message, operation: .write, status, name: status.name(in: .write))
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

  private func report(
    _ message: String, operation: Operation, _ status: CompletionStatus?, name: String
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
    line.add("message", message)
    standard.writeLine(line.closed)
    standard.flush()
  }

  /// Says something beside the output, for people.
  func hint(_ text: String) { Output.writeError(text) }

  private static func writeError(_ message: String) {
    StandardOutput.write(Array("ndisprotctl: \(message)\n".utf8), to: STDERR_FILENO)
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
    ("<type>", "a number from 0x0600 to 0xfffe such as 0x88cc, or llc, or any"),
    ("<mac>", "an address such as 02:00:00:00:00:01"),
    ("<s>", "seconds such as 5 or 0.5"),
    ("<count>", "a whole number such as 10"),
    ("<length>", "a whole number such as 60"),
    ("<bytes>", "a whole number such as 64"),
    ("<frames>", "a whole number such as 512"),
  ]

  // MARK: Sentences

  /// What failed, why, and what to do about it.
  static func message(for error: ClientError, _ context: Context) -> String {
    let (cause, remedy) = words(for: error, context)
    return "\(context.what): \(cause). \(remedy)"
  }

  private static func words(
    for error: ClientError, _ context: Context
  ) -> (cause: String, remedy: String) {
    switch error {
    case .cannotReach(let path, let cause): words(unreachable: path, cause)
    case .untrustedServer(let path, let userID):
      (
        "the socket \(path) is served by user \(userID), who is neither root, nor the daemon's "
          + "account, nor you",
        "Name the socket of a daemon that root or you started with --socket"
      )
    case .daemonGone:
      ("the daemon hung up", "See its log, and start ndisprotd again if it stopped")
    case .protocolViolation(let violation):
      (
        "the daemon's answer breaks the protocol: \(violation)",
        "Use an ndisprotd and an ndisprotctl of the same version"
      )
    case .timedOut(let operation) where operation == .read:
      ("time is over", "Give it more with --timeout")
    case .timedOut:
      (
        "the daemon on \(context.socketPath) does not answer",
        "See its log, and start it again if it hangs"
      )
    case .interrupted: ("it was interrupted", "Start it again")
    case .system(let cause): ("\(cause.call): \(cause.words)", "Free memory or descriptors")
    case .refused(let status, .query, _), .refused(let status, .set, _):
      words(oid: status, context)
    case .refused(let status, _, let bytesNeeded):
      words(refused: status, bytesNeeded, context)
    case .denied(_, _, let reason):
      (
        reason.printable,
        "Have an administrator change the rule, or ask him for "
          + "'ndisprotctl policy explain \(getuid()) \(context.binding) ETHERTYPE'"
      )
    }
  }

  private static func words(
    unreachable path: String, _ cause: SystemError
  ) -> (cause: String, remedy: String) {
    switch cause.errno {
    case ENOENT:
      (
        "the daemon is not running: there is no socket \(path)",
        "Start ndisprotd, or name its socket with --socket or NDISPROT_SOCKET"
      )
    case ECONNREFUSED:
      (
        "the daemon is not running: nobody listens on \(path)",
        "Start ndisprotd, or name its socket with --socket or NDISPROT_SOCKET"
      )
    case EACCES, EPERM:
      (
        "you may not use the socket \(path)",
        "Join its group, ndisprot (usermod -aG ndisprot USER), or have ndisprotd started with "
          + "--allow and your user name"
      )
    case EPROTOTYPE, ENOTSOCK:
      (
        "\(path) is not the socket of ndisprotd",
        "Name the socket of ndisprotd with --socket or NDISPROT_SOCKET"
      )
    case ENAMETOOLONG:
      (
        "the path of the socket is empty or longer than 107 bytes",
        "Name the socket of ndisprotd with --socket or NDISPROT_SOCKET"
      )
    case EAGAIN:
      ("the daemon on \(path) takes no connections", "See its log, and start it again if it hangs")
    default:
      ("\(path): \(cause.words)", "Name the socket of ndisprotd with --socket or NDISPROT_SOCKET")
    }
  }

  private static func words(
    refused status: CompletionStatus, _ bytesNeeded: UInt32, _ context: Context
  ) -> (cause: String, remedy: String) {
    switch status {
    case .notPermitted where context.operation == .administer:
      (
        "only administrators may, and not user \(getuid())",
        "Run it as root, or as the user whose daemon it is"
      )
    case .notPermitted:
      (
        "the daemon does not permit it to user \(getuid())",
        "Ask for a rule in its configuration ('ndisprotctl policy explain' says what there is), or "
          + "have it started with --allow and your user name"
      )
    case .adapterNotFound: words(absent: context)
    case .notFound where context.operation == .administer:
      ("there is no such user", "Name one of 'getent passwd', or write a number")
    case .busy where context.operation == .administer:
      (
        "the binding \(context.binding) is on its way to be paused",
        "Try again when it is: see 'ndisprotctl bindings'"
      )
    case .busy:
      (
        "others have \(context.binding) open, and one of you exclusively",
        "Wait until they are done, open without --exclusive, or use other EtherTypes"
      )
    case .timedOut:
      (
        "time is over",
        "Look with 'ndisprotctl bindings' what is there, or wait longer with --timeout"
      )
    case .tooManySessions:
      ("the daemon has as many sessions as it takes", "End another program that uses it")
    case .notReady, .lowPower:
      (
        "the interface \(context.binding) is down",
        "Set it up: ip link set \(context.binding) up"
      )
    case .linkDown:
      ("the interface \(context.binding) has no carrier", "Plug the cable in, or set its peer up")
    case .paused: ("the binding is paused", "Have an administrator restart it")
    case .adapterRemoved, .bindingGone, .notBound:
      (
        "the interface \(context.binding) went away",
        "Start again when it is back: ndisprotctl wait \(context.binding)"
      )
    default: words(frame: status, bytesNeeded)
    }
  }

  private static func words(
    frame status: CompletionStatus, _ bytesNeeded: UInt32
  ) -> (cause: String, remedy: String) {
    switch status {
    case .frameTooLong:
      bytesNeeded > 0
        ? (
          "a frame is longer than \(bytesNeeded) bytes, which is the limit",
          "Write -l \(bytesNeeded) or less, or raise the MTU"
        ) : ("a frame is too long", "Write fewer bytes with -l, or raise the MTU")
    case .frameTooShort, .invalidParameter:
      ("a frame is shorter than its header", "Write -l 14 or more")
    case .sourceMismatch:
      (
        "the source address is not the interface's",
        "Leave --src away, or ask for the right with --any-source"
      )
    case .etherTypeMismatch:
      (
        "the EtherType of a frame is none of those that were opened",
        "Name it with --ethertype"
      )
    case .noBuffers:
      ("the queue of the interface stayed full", "Send more slowly")
    case .notSupported:
      ("the daemon does not know this request", "Use an ndisprotd of the same version")
    default:
      (
        "\(status.name): NTSTATUS \(status.ntStatus.rawValue.hexText), "
          + SystemError(errno: status.errno, call: "").words,
        "See the log of ndisprotd"
      )
    }
  }

  private static func words(
    oid status: CompletionStatus, _ context: Context
  ) -> (cause: String, remedy: String) {
    switch status {
    case .oidNotSettable:
      ("this OID cannot be set", "See 'ndisprotctl oids' for those that can")
    case .invalidLength:
      ("the value has a length that this OID cannot have", "See 'ndisprotctl set --help'")
    case .multicastFull:
      ("too many groups, or an address that is no group", "Give at most 32 group addresses")
    case .notSupported:
      (
        "the daemon does not know this OID, or not this value",
        "See 'ndisprotctl oids \(context.binding)'"
      )
    default: words(refused: status, 0, context)
    }
  }

  private static func words(absent context: Context) -> (cause: String, remedy: String) {
    let cause = "there is no binding \(context.binding)"
    // An index says nothing to the daemon, and a name that no interface can have neither.
    let isName =
      !context.binding.hasPrefix("@") && InterfaceName.isPossible(context.binding)
    guard let present = context.present else {
      return (cause, "See 'ndisprotctl bindings' for what is there")
    }
    guard !present.isEmpty else {
      return (
        cause,
        "Nothing is bound: start ndisprotd with --interface \(isName ? context.binding : "NAME")"
      )
    }
    let others = isName ? "; others need ndisprotd --interface \(context.binding)" : ""
    return (cause, "There is \(present.joined(separator: ", "))\(others)")
  }
}

extension ClientError {
  /// The exit code of the program.
  var exitCode: Int32 {
    switch self {
    case .cannotReach, .untrustedServer, .daemonGone: 3
    case .refused(.adapterNotFound, _, _): 4
    case .refused(.busy, _, _): 5
    case .refused(let status, _, _) where status.ntStatus == .accessDenied: 6
    case .denied(let status, _, _) where status.ntStatus == .accessDenied: 6
    case .timedOut, .refused(.timedOut, _, _): 7
    default: 1
    }
  }

  /// What failed, if the error says so.
  var operation: Operation? {
    switch self {
    case .cannotReach, .untrustedServer: .connect
    case .refused(_, let operation, _), .denied(_, let operation, _), .timedOut(let operation):
      operation
    case .daemonGone, .protocolViolation, .interrupted, .system: nil
    }
  }

  /// The name of the error, as JSON shows it.
  var name: String {
    switch self {
    case .cannotReach: "cannotReach"
    case .untrustedServer: "untrustedServer"
    case .daemonGone: "daemonGone"
    case .protocolViolation: "protocolViolation"
    case .refused(let status, let operation, _), .denied(let status, let operation, _):
      status.name(in: operation)
    case .timedOut: "timedOut"
    case .interrupted: "interrupted"
    case .system: "system"
    }
  }
}
