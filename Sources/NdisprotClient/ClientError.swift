public import NDIS
public import NdisprotControl

/// What a client asked for when something failed.
public enum Operation: String, Sendable, CaseIterable {
  /// Reaching the daemon and agreeing on a version.
  case connect
  /// Opening a binding.
  case open
  /// Closing what is open.
  case close
  /// Reading frames.
  case read
  /// Writing frames.
  case write
  /// Asking for an OID.
  case query
  /// Setting an OID.
  case set
  /// Listing bindings.
  case enumerate
  /// Listing counters.
  case statistics
  /// Waiting for bindings.
  case wait
  /// Asking for events.
  case subscribe
  /// What administrators ask.
  case administer
  /// Cancelling a request.
  case cancel
}

/// Why an operation of the client library failed.
public enum ClientError: Error, Equatable, Sendable {
  /// Nobody answers at the socket's path.
  case cannotReach(path: String, SystemError)
  /// The socket is served by a user who is neither root, nor the daemon's account, nor oneself.
  case untrustedServer(path: String, userID: UInt32)
  /// The daemon hung up: it was stopped, or it closed the session.
  case daemonGone
  /// The daemon's answer breaks the protocol; the connection is closed.
  case protocolViolation(ViolationError)
  /// The daemon's answer is an error; `bytesNeeded` is the room or the limit it speaks of.
  case refused(CompletionStatus, Operation, bytesNeeded: UInt32 = 0)
  /// The daemon refuses it and gives the reason: the rule of the access policy and the missing
  /// right, or that there is no rule; or what is wrong with the daemon's configuration.
  case denied(CompletionStatus, Operation, reason: String)
  /// It did not happen in time.
  case timedOut(Operation)
  /// `Interruption.raise()` ended the wait.
  case interrupted
  /// A system call failed that should not.
  case system(SystemError)

  /// The status a daemon gave, nil if it is no refusal.
  public var status: CompletionStatus? {
    switch self {
    case .refused(let status, _, _), .denied(let status, _, _): status
    default: nil
    }
  }
}

extension ClientError {
  /// Makes the error of a reply that is no success.
  init(refusal header: MessageHeader, _ payload: RawSpan, _ operation: Operation) {
    let isBare = operation == .open || header.completion == .misconfigured
    let reason = header.reason(in: payload, isBare: isBare)
    guard let reason, !reason.isEmpty else {
      self = .refused(header.completion, operation, bytesNeeded: header.bytesNeeded)
      return
    }
    self = .denied(header.completion, operation, reason: reason)
  }

  /// Why the daemon refused it, for people; nil if it did not say.
  public var reason: String? {
    guard case .denied(_, _, let reason) = self else { return nil }
    return reason
  }
}

extension CompletionStatus {
  /// The name of the row of the status table; where two rows have the same three codes, what was
  /// asked for decides.
  public func name(in operation: Operation) -> String {
    switch (self, operation) {
    case (.oidNotSettable, .set): "oidNotSettable"
    case (.sendFailed, .write): "sendFailed"
    default: name
    }
  }
}
