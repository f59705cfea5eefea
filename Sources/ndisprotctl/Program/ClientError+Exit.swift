internal import Glibc
internal import NdisprotClient

// The exit code of the program for an error, and the error's fields in JSON.

extension ClientError {
  /// The exit code of the program.
  var exitCode: Int32 {
    switch self {
    case .cannotReach(_, let cause) where cause.errno == EACCES: 6
    case .cannotReach, .untrustedServer, .daemonGone: 3
    case .refused(.adapterNotFound, _, _): 4
    case .refused(.busy, _, _): 5
    case .refused(let status, _, _) where status.ntStatus == .accessDenied: 6
    case .denied(let status, _, _) where status.ntStatus == .accessDenied: 6
    case .timedOut, .refused(.timedOut, _, _): 7
    default: 1
    }
  }

  /// What failed, if the error includes it.
  var operation: Operation? {
    switch self {
    case .cannotReach, .untrustedServer: .connect
    case .refused(_, let operation, _), .denied(_, let operation, _), .timedOut(let operation):
      operation
    case .daemonGone, .protocolViolation, .interrupted, .system: nil
    }
  }

  /// The name of the error in JSON.
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
