public import NDIS
public import NdisprotControl

/// The operation during which an error occurred.
public enum Operation: String, Sendable, CaseIterable {
  /// Connecting to the daemon and negotiating a version.
  case connect
  /// Opening a binding.
  case open
  /// Closing the open.
  case close
  /// Reading frames.
  case read
  /// Writing frames.
  case write
  /// Querying an OID.
  case query
  /// Setting an OID.
  case set
  /// Listing bindings.
  case enumerate
  /// Listing counters.
  case statistics
  /// Waiting for bindings.
  case wait
  /// Subscribing to events.
  case subscribe
  /// A request for administrators.
  case administer
  /// Cancelling a request.
  case cancel
}

/// Why an operation of the client library failed.
public enum ClientError: Error, Equatable, Sendable {
  /// No daemon answers on the socket.
  case cannotReach(path: String, SystemError)
  /// The daemon's user is neither root, nor the daemon's account, nor the program's own user.
  case untrustedServer(path: String, userID: UInt32)
  /// The daemon hung up: it was stopped, or it closed the session.
  case daemonGone
  /// The daemon's answer breaks the protocol; the connection is closed.
  case protocolViolation(ViolationError)
  /// The daemon answered with an error; `bytesNeeded` is the required room or the limit.
  case refused(CompletionStatus, Operation, bytesNeeded: UInt32 = 0)
  /// The daemon refuses it with a reason: the rule of the access policy and the missing right, or
  /// that no rule applies; or the error in the daemon's configuration.
  case denied(CompletionStatus, Operation, reason: String)
  /// Timed out.
  case timedOut(Operation)
  /// `CancellationToken.raise()` ended the wait.
  case interrupted
  /// A system call failed unexpectedly.
  case system(SystemError)

  /// The daemon's status, nil if it is no refusal.
  public var status: CompletionStatus? {
    switch self {
    case .refused(let status, _, _), .denied(let status, _, _): status
    default: nil
    }
  }
}

extension ClientError {
  /// Creates the error for a reply that reports a failure.
  init(refusal header: MessageHeader, _ payload: RawSpan, _ operation: Operation) {
    let isBare = operation == .open || header.completion == .misconfigured
    let reason = header.reason(in: payload, isBare: isBare)
    guard let reason, !reason.isEmpty else {
      self = .refused(header.completion, operation, bytesNeeded: header.bytesNeeded)
      return
    }
    self = .denied(header.completion, operation, reason: reason)
  }

  /// Why the daemon refused it, for people; nil if it gave no reason.
  public var reason: String? {
    guard case .denied(_, _, let reason) = self else { return nil }
    return reason
  }
}

extension CompletionStatus {
  /// The name of the row of the status table; where two rows have the same three codes, the
  /// operation decides.
  public func name(in operation: Operation) -> String {
    switch (self, operation) {
    case (.oidNotSettable, .set): "oidNotSettable"
    case (.sendFailed, .write): "sendFailed"
    default: name
    }
  }
}
