internal import NDIS
internal import Platform

// The sentences for the statuses of refusals.

extension ClientError {
  static func cause(
    refused status: CompletionStatus, _ operation: Operation, _ bytesNeeded: UInt32
  ) -> String {
    switch status {
    case .oidNotSettable where operation == .set: "this OID cannot be set"
    case .notPermitted: "the access policy of the daemon does not permit it"
    case .tooManyRequests: "a quota of the user's rule is used up"
    case .rateExceeded: "frames came faster than the user's rule allows"
    case .tooManySessions: "the daemon has as many sessions as it accepts"
    case .misconfigured: "the configuration of the daemon is broken"
    case .noMemory: "the daemon has no memory for it"
    case .adapterNotFound: "there is no such binding"
    case .busy: "another open holds it exclusively, or this session has an open already"
    case .notReady, .lowPower: "the interface is down"
    case .unsupportedMedium: "the interface is not Ethernet"
    case .openFailed, .sendFailed: "the kernel refused it"
    case .invalidParameter, .invalidRequest: "a value is not one that the request can have"
    case .notSupported: "the daemon does not know it"
    case .bufferTooSmall, .partialData: text("the answer needs ", String(bytesNeeded), " bytes")
    case .timedOut: "timed out"
    case .noMoreEntries: "there is no further entry"
    case .notFound: "no such request is pending"
    case .cancelled, .sendCancelled: "it was cancelled, or the daemon stops"
    case .adapterRemoved, .bindingGone, .notBound: "the interface went away"
    case .restarted: "the daemon was restarted"
    case .internalError: "the daemon dropped the request, which is a defect"
    case .notAssociated, .notConnected: "nothing is open on this session"
    case .frameTooShort: "the frame is shorter than the 14 bytes of its header"
    case .frameTooLong:
      bytesNeeded > 0
        ? text("the frame is longer than ", String(bytesNeeded), " bytes, the limit")
        : "the frame is too long"
    case .etherTypeMismatch: "the open does not include the EtherType of the frame"
    case .sourceMismatch: "the source address of the frame is not the interface's"
    case .messageTooLong:
      text("the frame has ", String(bytesNeeded), " bytes, more than there is room for")
    case .paused: "the binding is paused"
    case .linkDown: "the interface has no carrier"
    case .noBuffers: "the queue of the interface stayed full"
    case .invalidLength: "the value has a length that this OID cannot have"
    case .multicastFull: "too many groups, or an address that is not a group's"
    case .multicastNotFound: "the group was not joined"
    case .invalidPort: "the port is not 0"
    default:
      text(
        "NTSTATUS 0x", String(status.ntStatus.rawValue, radix: 16), ", ",
        SystemError(errno: status.errno, call: "").words)
    }
  }

  static func remedy(refused status: CompletionStatus, _ operation: Operation) -> String {
    switch status {
    case .notPermitted:
      "Ask an administrator for a rule that permits it; 'ndisprotctl policy explain' shows the present ones"
    case .tooManyRequests: "Wait for requests under way, or have an administrator raise the quota"
    case .rateExceeded, .noBuffers: "Send more slowly"
    case .tooManySessions: "Close sessions that are not needed"
    case .misconfigured: "Check it with 'ndisprotd --check-config'"
    case .adapterNotFound: "Compare the name with 'ndisprotctl bindings'"
    case .busy: "Wait until the other is closed, open shared, or use other EtherTypes"
    case .notReady, .lowPower: "Set it up: ip link set NAME up"
    case .linkDown: "Plug the cable in, or set the link's other end up"
    case .paused: "Have an administrator restart it: ndisprotctl restart NAME"
    case .adapterRemoved, .bindingGone, .notBound: "Open it again when it is back"
    case .restarted, .cancelled, .sendCancelled: "Connect and open again"
    case .notAssociated, .notConnected: "Open a binding first"
    case .bufferTooSmall, .partialData, .messageTooLong: "Give more room"
    case .frameTooShort, .frameTooLong: "Write a frame of another length"
    case .etherTypeMismatch: "Name the EtherType when opening"
    case .sourceMismatch: "Use the interface's address, or open with anySource, which needs a right"
    case .notSupported where [.query, .set].contains(operation):
      "See 'ndisprotctl oids' for those that the binding has"
    case .notSupported: "Use a library and an ndisprotd of the same version"
    case .oidNotSettable where operation == .set: "See 'ndisprotctl oids' for those that can be set"
    case .timedOut: "Try again, or allow more time"
    default: "See the log of ndisprotd"
    }
  }
}
