internal import Glibc
internal import NdisprotC
internal import NdisprotClient

/// What a `ndisprot *` of a C program points to.
///
/// - Thread: one at a time; `interruption` on any, and in a signal handler
/// - Ownership: the program's pointer is the one strong reference; `ndisprot_free` releases it
final class Handle {
  let interruption: CancellationToken
  /// The daemon's socket, also when it resumes.
  let path: String
  var connection: Connection?
  var binding: OpenBinding?
  var reader: ReaderBox?
  var writer: WriterBox?
  var events: EventReader?
  /// The arguments of `ndisprot_subscribe`, for a session that resumes.
  var subscription: (kinds: UInt32, interfaceIndex: UInt32) = (0, 0)
  /// Received frames that the program has not taken.
  var kept = KeptRecords()
  /// The bytes returned with a completion of `ndisprot_reap`.
  var lent = LentBytes()
  /// The counts of frames in progress when a session ended, for the next report.
  var carried = ndisprot_report()
  /// Submitted OPEN_DEVICE requests: their replies set `binding`.
  var openRequests: Set<UInt64> = []
  /// A function of the program is running, which must not use the handle.
  var isLending = false

  /// Why the last call failed.
  private enum Failure {
    case client(ClientError)
    case misuse(StaticString)
  }
  private var hasFailed = false
  private var failure = Failure.misuse("")
  private var words = LentBytes()

  init(path: String) throws(ClientError) {
    interruption = try CancellationToken()
    self.path = path
  }

  // MARK: Results

  /// Records that a call succeeded.
  @inline(__always) func succeed() { hasFailed = false }

  /// Keeps an error for `ndisprot_error` and returns its number.
  ///
  /// `timeout` is the program's argument: the end of a wait of 0 is no error.
  func fail(_ error: ClientError, timeout: CInt = -1) -> Int {
    hasFailed = true
    failure = .client(error)
    return -Int(error.number(timeout: timeout))
  }

  /// Keeps the sentence about a mistake of the program and returns the number.
  func fail(_ number: CInt, _ sentence: StaticString) -> Int {
    hasFailed = true
    failure = .misuse(sentence)
    return -Int(number)
  }

  /// The daemon's status for the last call.
  var status: ndisprot_status {
    guard hasFailed, case .client(let error) = failure, let status = error.status else {
      return ndisprot_status()
    }
    var bytesNeeded: UInt32 = 0
    if case .refused(_, _, let needed) = error { bytesNeeded = needed }
    return ndisprot_status(status, bytesNeeded: bytesNeeded)
  }

  /// The sentence for the last failure as a C string; empty if the last call succeeded.
  var sentence: UnsafePointer<CChar> {
    guard hasFailed else { return unsafe words.hold("") }
    switch failure {
    case .client(let error): return unsafe words.hold(error.description)
    case .misuse(let text): return unsafe words.hold(text.description)
    }
  }
}

/// A `FrameReader` cannot be copied; a class can hold it next to other values.
final class ReaderBox {
  var reader: FrameReader
  init(_ binding: OpenBinding) { reader = FrameReader(binding) }
}

/// A `FrameWriter`, as above.
final class WriterBox {
  var writer: FrameWriter
  init(_ binding: OpenBinding) { writer = FrameWriter(binding) }
}

extension ndisprot_status {
  init(_ status: CompletionStatus, bytesNeeded: UInt32) {
    self.init(
      size: UInt32(MemoryLayout<ndisprot_status>.size), ntstatus: status.ntStatus.rawValue,
      ndis_status: status.ndisStatus.rawValue, error: status.isSuccess ? 0 : status.number,
      bytes_needed: bytesNeeded)
  }
}

extension CompletionStatus {
  /// The errno, checked because a daemon may send any number.
  var number: CInt { (1...4095).contains(errno) ? errno : EPROTO }
}

extension ClientError {
  /// The errno of the error, positive.
  func number(timeout: CInt) -> CInt {
    switch self {
    case .cannotReach(_, let error) where error.errno == EAGAIN: timeout == 0 ? EAGAIN : ETIMEDOUT
    case .cannotReach(_, let error), .system(let error): error.errno > 0 ? error.errno : EIO
    case .untrustedServer: EPERM
    case .daemonGone: ECONNRESET
    case .protocolViolation: EPROTO
    case .refused(let status, _, _), .denied(let status, _, _): status.number
    // A daemon that does not even cancel is different from one that has nothing.
    case .timedOut(.cancel): ETIMEDOUT
    case .timedOut: timeout == 0 ? EAGAIN : ETIMEDOUT
    case .interrupted: EINTR
    }
  }
}
