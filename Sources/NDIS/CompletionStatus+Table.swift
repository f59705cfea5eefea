private import Glibc

extension CompletionStatus {
  /// Done as asked.
  public static let success = CompletionStatus(.success, .success, 0)

  // Access and quotas.

  /// The caller has no right to this.
  public static let notPermitted = CompletionStatus(.accessDenied, .failure, EACCES)
  /// The open's or the session's limit on outstanding requests, or on queue bytes.
  public static let tooManyRequests = CompletionStatus(.quotaExceeded, .resources, EDQUOT)
  /// The user sends faster than the rule of the access policy allows.
  public static let rateExceeded = CompletionStatus(.quotaExceeded, .resources, EAGAIN)
  /// The limit on sessions, in total or per user.
  public static let tooManySessions = CompletionStatus(.tooManySessions, .resources, EUSERS)
  /// The configuration is broken, so nothing is bound; the reply's payload says where and why.
  public static let misconfigured = CompletionStatus(
    .deviceConfigurationError, .failure, EUCLEAN)
  /// Out of memory.
  public static let noMemory = CompletionStatus(.insufficientResources, .resources, ENOMEM)

  // Opening.

  /// No bound interface has this name.
  public static let adapterNotFound = CompletionStatus(
    .objectNameNotFound, .adapterNotFound, ENODEV)
  /// Another open holds the binding, or this session already has one.
  public static let busy = CompletionStatus(.deviceBusy, .failure, EBUSY)
  /// The interface did not come up while the open waited for power.
  public static let notReady = CompletionStatus(.deviceNotReady, .adapterNotReady, ENETDOWN)
  /// The interface is not Ethernet.
  public static let unsupportedMedium = CompletionStatus(
    .unsuccessful, .unsupportedMedia, EAFNOSUPPORT)
  /// The packet socket or the ring could not be created.
  public static let openFailed = CompletionStatus(.unsuccessful, .failure, EIO)

  // Requests in general.

  /// A field has an invalid value.
  public static let invalidParameter = CompletionStatus(.invalidParameter, .invalidData, EINVAL)
  /// A second OPEN_DEVICE of one session won the race (rule Q-21).
  public static let invalidRequest = CompletionStatus(.invalidDeviceRequest, .failure, EINVAL)
  /// The request code, the opcode or the OID is not supported.
  public static let notSupported = CompletionStatus(.notSupported, .notSupported, EOPNOTSUPP)
  /// The reply does not fit the room; `bytesNeeded` is what would be enough.
  public static let bufferTooSmall = CompletionStatus(.bufferTooSmall, .bufferTooShort, ENOBUFS)
  /// Part of the data was returned; `bytesNeeded` is the full length.
  public static let partialData = CompletionStatus(.bufferOverflow, .bufferOverflow, EOVERFLOW)
  /// The wait timed out.
  public static let timedOut = CompletionStatus(.timeout, .failure, ETIMEDOUT)
  /// The end of an enumeration by index.
  public static let noMoreEntries = CompletionStatus(.noMoreEntries, .adapterNotFound, ENOENT)
  /// CANCEL named a request that is not pending.
  public static let notFound = CompletionStatus(.notFound, .failure, ENOENT)
  /// A read, a wait or an OID request was cancelled.
  public static let cancelled = CompletionStatus(.cancelled, .requestAborted, ECANCELED)
  /// A write was cancelled before it reached the wire.
  public static let sendCancelled = CompletionStatus(.cancelled, .sendAborted, ECANCELED)
  /// The interface went away while the request was pended.
  public static let adapterRemoved = CompletionStatus(.cancelled, .adapterRemoved, ENODEV)
  /// The daemon was restarted during the request; set by the client library.
  public static let restarted = CompletionStatus(.connectionReset, .failure, ECONNRESET)
  /// A defect of the daemon: a request was dropped.
  public static let internalError = CompletionStatus(.internalError, .failure, EIO)

  // Reading and writing.

  /// Read or write on a session that has not opened a binding.
  public static let notAssociated = CompletionStatus(.invalidHandle, .failure, EBADF)
  /// Read or write on an open whose binding is gone (rule B-36).
  public static let bindingGone = CompletionStatus(.invalidHandle, .adapterRemoved, ENODEV)
  /// Fewer than the 14 bytes of an Ethernet header.
  public static let frameTooShort = CompletionStatus(.bufferTooSmall, .invalidLength, EINVAL)
  /// More than the interface can send; `bytesNeeded` carries the limit.
  public static let frameTooLong = CompletionStatus(.invalidBufferSize, .invalidLength, EMSGSIZE)
  /// The EtherType is not one of the open's.
  public static let etherTypeMismatch = CompletionStatus(
    .invalidParameter, .invalidData, EPROTOTYPE)
  /// The source address is not the interface's.
  public static let sourceMismatch = CompletionStatus(.invalidParameter, .invalidData, EPERM)
  /// A read with failOnTruncation found a longer frame, which stays queued.
  public static let messageTooLong = CompletionStatus(.bufferOverflow, .bufferOverflow, EMSGSIZE)
  /// The binding is paused.
  public static let paused = CompletionStatus(.unsuccessful, .paused, EBUSY)
  /// The interface is down.
  public static let lowPower = CompletionStatus(.unsuccessful, .lowPowerState, ENETDOWN)
  /// The interface has no carrier.
  public static let linkDown = CompletionStatus(.unsuccessful, .mediaDisconnected, ENOLINK)
  /// The interface's own queue stayed full for the whole retry budget.
  public static let noBuffers = CompletionStatus(.unsuccessful, .resources, ENOBUFS)
  /// The kernel refused the frame for another reason.
  public static let sendFailed = CompletionStatus(.unsuccessful, .failure, EIO)

  // OIDs.

  /// OID request on a session that has not opened a binding.
  public static let notConnected = CompletionStatus(.deviceNotConnected, .failure, ENOTCONN)
  /// OID request on an open whose binding is gone (rule B-36).
  public static let notBound = CompletionStatus(.unsuccessful, .adapterRemoved, ENODEV)
  /// The OID is known and cannot be set.
  public static let oidNotSettable = CompletionStatus(.invalidParameter, .invalidData, EPERM)
  /// The value's length is invalid for this OID (rule E-4).
  public static let invalidLength = CompletionStatus(.invalidBufferSize, .invalidLength, EINVAL)
  /// More groups than fit the list, or an address that is not a group.
  public static let multicastFull = CompletionStatus(.unsuccessful, .multicastFull, ENOSPC)
  /// The group is not in the list.
  public static let multicastNotFound = CompletionStatus(
    .unsuccessful, .multicastNotFound, ENOENT)
  /// The port number is not 0.
  public static let invalidPort = CompletionStatus(.unsuccessful, .invalidPort, EINVAL)

  /// All rows: the one place where a case gets its three codes.
  public static let table: [(name: String, status: CompletionStatus)] = [
    ("success", .success), ("notPermitted", .notPermitted), ("tooManyRequests", .tooManyRequests),
    ("rateExceeded", .rateExceeded), ("tooManySessions", .tooManySessions), ("noMemory", .noMemory),
    ("misconfigured", .misconfigured),
    ("adapterNotFound", .adapterNotFound), ("busy", .busy), ("notReady", .notReady),
    ("unsupportedMedium", .unsupportedMedium), ("openFailed", .openFailed),
    ("invalidParameter", .invalidParameter), ("invalidRequest", .invalidRequest),
    ("notSupported", .notSupported), ("bufferTooSmall", .bufferTooSmall),
    ("partialData", .partialData), ("timedOut", .timedOut), ("noMoreEntries", .noMoreEntries),
    ("notFound", .notFound), ("cancelled", .cancelled), ("cancelled", .sendCancelled),
    ("adapterRemoved", .adapterRemoved), ("restarted", .restarted),
    ("internalError", .internalError), ("notAssociated", .notAssociated),
    ("bindingGone", .bindingGone), ("frameTooShort", .frameTooShort),
    ("frameTooLong", .frameTooLong), ("etherTypeMismatch", .etherTypeMismatch),
    ("sourceMismatch", .sourceMismatch), ("messageTooLong", .messageTooLong),
    ("paused", .paused), ("lowPower", .lowPower), ("linkDown", .linkDown),
    ("noBuffers", .noBuffers), ("sendFailed", .sendFailed), ("notConnected", .notConnected),
    ("notBound", .notBound), ("oidNotSettable", .oidNotSettable),
    ("invalidLength", .invalidLength), ("multicastFull", .multicastFull),
    ("multicastNotFound", .multicastNotFound), ("invalidPort", .invalidPort),
  ]
}
