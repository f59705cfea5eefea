internal import Glibc
internal import Platform

// Why an operation failed and what to do about it, in sentences for the user of a program.

extension ClientError: CustomStringConvertible {
  /// Cause and remedy: `cannot open: there is no such binding. Compare the name with …`.
  public var description: String { Self.text(cause, ". ", remedy, ".") }

  /// Why it failed; for a refusal by the access policy, the rule.
  public var cause: String {
    switch self {
    case .cannotReach(let path, let error): Self.cause(unreachable: path, error)
    case .untrustedServer(let path, let userID):
      Self.text(
        "the socket ", path, " is served by user ", String(userID),
        ", and neither by root, nor by the daemon's account, nor by the user of this program")
    case .daemonGone: "the daemon closed the session"
    case .protocolViolation(let violation):
      Self.text("the daemon broke the protocol: ", violation.description)
    case .refused(let status, let operation, let bytesNeeded):
      Self.text(
        "cannot ", operation.verb, ": ", Self.cause(refused: status, operation, bytesNeeded))
    case .denied(_, let operation, let reason): Self.text("cannot ", operation.verb, ": ", reason)
    case .timedOut(.connect): "the daemon did not answer the greeting in time"
    case .timedOut(.cancel): "the daemon did not answer in time, and does not cancel either"
    case .timedOut(let operation): Self.text("cannot ", operation.verb, ": timed out")
    case .interrupted: "the wait was interrupted"
    case .system(let error): error.text
    }
  }

  /// What to do about it, without the last period.
  public var remedy: String {
    switch self {
    case .cannotReach(_, let error): Self.remedy(unreachable: error)
    case .untrustedServer:
      "Use the socket of a daemon that root or this user started; in a container, see NDISPROT_TRUST"
    case .daemonGone: "Connect again, and see the log of ndisprotd if it does not answer"
    case .protocolViolation: "Use a library and an ndisprotd of the same version"
    case .refused(let status, let operation, _): Self.remedy(refused: status, operation)
    case .denied(.misconfigured, _, _):
      "Correct the file, check it with 'ndisprotd --check-config', then run 'ndisprotctl reload'"
    case .denied:
      "Ask an administrator for a rule that permits it; 'ndisprotctl policy explain' shows the present ones"
    case .timedOut(.connect), .timedOut(.cancel):
      "See the log of ndisprotd, and restart it if it hangs"
    case .timedOut: "Try again, or allow more time"
    case .interrupted: "Clear the interruption before the next call"
    case .system: "Free memory or file descriptors, and try again"
    }
  }

  /// Concatenates words; string interpolation in so many places costs the C library 13 KB.
  @inline(never)
  static func text(
    _ first: String, _ second: String, _ third: String = "", _ fourth: String = "",
    _ fifth: String = ""
  ) -> String {
    first + second + third + fourth + fifth
  }

  private static func cause(unreachable path: String, _ error: SystemError) -> String {
    switch error.errno {
    case ENOENT: text("the daemon is not running: there is no socket ", path)
    case ECONNREFUSED: text("the daemon is not running: nothing listens on ", path)
    case EACCES, EPERM: text("the socket ", path, " may not be used by this user")
    case EPROTOTYPE, ENOTSOCK: text(path, " is not the socket of ndisprotd")
    case ENAMETOOLONG: "the path of the socket is empty or longer than 107 bytes"
    case EAGAIN: text("the daemon on ", path, " accepts no connections")
    default: text(path, ": ", error.words)
    }
  }

  private static func remedy(unreachable error: SystemError) -> String {
    switch error.errno {
    case ENOENT, ECONNREFUSED: "Start ndisprotd, or name its socket in NDISPROT_SOCKET"
    case EACCES, EPERM: "Add the user to the group ndisprot: usermod -aG ndisprot USER"
    case EAGAIN: "See the log of ndisprotd, and restart it if it hangs"
    default: "Name the socket of ndisprotd in NDISPROT_SOCKET"
    }
  }
}

extension Operation {
  /// The operation that failed, to follow "cannot".
  var verb: String {
    switch self {
    case .connect: "connect"
    case .open: "open"
    case .close: "close"
    case .read: "read"
    case .write: "write"
    case .query: "query the OID"
    case .set: "set the OID"
    case .enumerate: "list the bindings"
    case .statistics: "list the statistics"
    case .wait: "wait for the bindings"
    case .subscribe: "subscribe to events"
    case .administer: "administer the daemon"
    case .cancel: "cancel"
    }
  }
}
