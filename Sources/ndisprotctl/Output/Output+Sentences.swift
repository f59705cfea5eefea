internal import Glibc
internal import NdisprotClient

// ErrorMessages about why something failed, and what to do about it.

/// The user that the kernel shows for users without a number in the own user namespace.
///
/// - Source: user_namespaces(7); /proc/sys/kernel/overflowuid, which is never changed in practice
private let overflowUserID: UInt32 = 65_534

extension Output {
  /// What failed, why, and what to do about it.
  static func message(for error: ClientError, _ context: Context) -> String {
    let (cause, remedy) = words(for: error, context)
    return "\(context.what): \(cause). \(remedy)"
  }

  /// Why it failed, and what to do about it.
  static func words(
    for error: ClientError, _ context: Context
  ) -> (cause: String, remedy: String) {
    switch error {
    case .cannotReach(let path, let cause): words(unreachable: path, cause, context)
    case .untrustedServer(let path, overflowUserID):
      (
        "the user that serves the socket \(path) has no number in this user namespace, and shows as "
          + "\(overflowUserID)",
        "If the socket was mounted here from a daemon that you trust, set "
          + "NDISPROT_TRUST=\(overflowUserID)"
      )
    case .untrustedServer(let path, let userID):
      (
        "the socket \(path) is served by user \(userID), which is neither root, nor the daemon's "
          + "account, nor you",
        "Name the socket of a daemon that root or you started with --socket"
      )
    case .refused(.notSupported, .connect, _):
      (
        "the daemon speaks another version of the protocol",
        "Use an ndisprotd and an ndisprotctl of the same version"
      )
    case .daemonGone:
      ("the daemon hung up", "See its log, and start ndisprotd again if it stopped")
    case .protocolViolation(let violation):
      (
        "the daemon's answer breaks the protocol: \(violation)",
        "Use an ndisprotd and an ndisprotctl of the same version"
      )
    case .timedOut(let operation) where operation == .read:
      ("timed out", "Wait longer with --timeout")
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
    case .denied(.misconfigured, _, let reason):
      (
        "the configuration of the daemon is broken: \(reason.inOneLine())",
        "Fix the file, check it with 'ndisprotd --check-config', then: ndisprotctl reload"
      )
    case .denied(_, let operation, let reason)
    where operation == .administer || context.operation == .administer:
      (reason.printable(), "Run it as root, or as the user that runs the daemon")
    case .denied(.tooManyRequests, _, let reason):
      (reason.printable(), "End what you do not need, or have an administrator raise the limit")
    case .denied(_, _, let reason) where context.binding.isEmpty:
      (
        reason.printable(),
        "Have an administrator write a rule: ndisprotctl policy add "
          + "\(HostFacts.userName(getuid())) INTERFACE PROTOCOL"
      )
    case .denied(_, _, let reason):
      (
        reason.printable(),
        "Have an administrator change the rule, or ask for "
          + "'ndisprotctl policy explain \(getuid()) \(context.binding) ETHERTYPE'"
      )
    }
  }

  /// A service that is not running: it waits for its first client, or it has failed.
  static func words(
    sleeping service: ServiceUnit, _ socket: ServiceUnit, _ context: Context
  ) -> (cause: String, remedy: String) {
    guard service.state != "failed" else {
      let text = service.statusText.isEmpty ? "" : ": \(service.statusText)"
      return (
        "the daemon is not running: \(service.name) has failed (\(service.result))\(text)",
        "See journalctl -u \(service.name); fix it, then: systemctl reset-failed \(service.name) "
          + "\(socket.name); systemctl restart \(socket.name)"
      )
    }
    guard socket.state == "active" else {
      return (
        "the daemon is not running, and \(socket.name) is \(socket.state)",
        "Start it: systemctl enable --now \(socket.name)"
      )
    }
    return (
      "the daemon is not running: the first connection to \(context.socketPath) starts it",
      "Start it now, if you like: systemctl start \(service.name)"
    )
  }

  private static func words(
    unreachable path: String, _ cause: SystemError, _ context: Context
  ) -> (cause: String, remedy: String) {
    let words = (context.unreachable ?? Unreachable(path: path, cause)).words
    return (words.cause, words.remedy)
  }

  private static func words(
    refused status: CompletionStatus, _ bytesNeeded: UInt32, _ context: Context
  ) -> (cause: String, remedy: String) {
    switch status {
    case .notPermitted where context.operation == .administer:
      (
        "only administrators may, and not \(HostFacts.userName(getuid()))",
        "Run it as root, or as the user that runs the daemon"
      )
    case .notPermitted:
      (
        "the daemon does not permit it to \(HostFacts.userName(getuid()))",
        "Ask for a rule in its configuration ('ndisprotctl policy explain' says what there is), or "
          + "have it started with --allow \(HostFacts.userName(getuid()))"
      )
    case .misconfigured:
      (
        "the configuration of the daemon is broken",
        "See 'ndisprotctl bindings' for what is wrong with it"
      )
    case .adapterNotFound: words(absent: context)
    case .notFound where context.operation == .administer:
      ("there is no such user", "Name one of 'getent passwd', or write a number")
    case .busy where context.operation == .administer:
      (
        "the binding \(context.binding) is being paused",
        "Try again when it is: see 'ndisprotctl bindings'"
      )
    case .busy:
      (
        "another program has \(context.binding) open for these EtherTypes, and one of the two wants it alone",
        "Wait until the other is done, open without --exclusive, or use other EtherTypes"
      )
    case .timedOut where [.query, .set].contains(context.operation):
      (
        "the kernel did not answer for the card of \(context.binding) in time",
        "Something holds its lock of the interfaces: try again, and see the daemon's log"
      )
    case .openFailed where [.query, .set].contains(context.operation):
      (
        "the kernel refused it for the card of \(context.binding)",
        "See 'ip -details link show \(context.binding)' and the kernel's log"
      )
    case .timedOut:
      (
        "timed out",
        "See 'ndisprotctl bindings' for what is bound, or wait longer with --timeout"
      )
    case .tooManyRequests:
      (
        "a quota of your rule is used up",
        "End what you do not need, or have an administrator raise it"
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

  /// What to do about frames of a file that were not sent; nil if that is as for any other frame.
  static func remedy(ofFile status: CompletionStatus) -> String? {
    switch status {
    case .frameTooLong: "Leave such frames out of the file, or raise the MTU"
    case .frameTooShort, .invalidParameter: "Leave such frames out of the file"
    case .sourceMismatch: "Write --rewrite-source, or ask for the right any-source"
    case .etherTypeMismatch: "Ask for a rule that allows it, or choose others with --only"
    default: nil
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
        "Omit --src, or ask for the right with --any-source"
      )
    case .etherTypeMismatch:
      (
        "the EtherType of a frame is not one of those that were opened",
        "Name it with --ethertype"
      )
    case .rateExceeded:
      (
        "frames came faster than your rule allows",
        "Send more slowly; 'ndisprotctl policy explain' shows the rate"
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
    case .multicastNotFound:
      ("the group is not in the list", "See 'ndisprotctl query \(context.binding) multicast-list'")
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
}
