public import MDL
public import NDIS
public import WDF

/// What became of records that answer a read.
public enum DeliveryOutcome: Equatable, Sendable {
  /// The client has them.
  case taken
  /// They cannot be taken now; `resume` of the open is due when they can.
  case blocked
  /// No message of this length is ever taken; one with so many bytes of records is.
  case tooLong(recordByteLimit: Int)
}

/// Who sent a request and hears of its end: a client's session, or a test.
///
/// Everything but the completion itself happens on the loop that has the session. Output is
/// handed over first, and the completion of the same request follows at once.
///
/// - Thread: `requestCompleted` and `onLoop` on any thread; the rest on the loop that has the session
public protocol Requester: RequestSink {
  /// Takes the records that answer a read, out of the receive ring.
  ///
  /// - Ownership: borrows the records until it returns
  /// - Returns: what became of them
  func deliver(
    _ records: MDLChain, recordCount: Int, information: Int, for parameters: RequestParameters
  ) -> DeliveryOutcome

  /// Work for it begins that no message of it has just brought; `workEnds` follows.
  ///
  /// - Returns: what `workEnds` is to be told
  func workBegins() -> Bool

  /// The work is over.
  func workEnds(_ isMeasured: Bool)

  /// Runs work on the loop that has the session, now or when it has arrived there.
  func onLoop(_ work: @escaping @Sendable () -> Void)

  /// Hears why the access policy refuses a request, or a frame of it, in front of its completion.
  ///
  /// - Thread: the loop that has the session
  func refused(_ refusal: AccessRefusal, of parameters: RequestParameters)

  /// Keeps the output of the request that is completed next.
  func setOutput(_ output: [UInt8], recordCount: Int, for parameters: RequestParameters)

  /// Keeps the per-frame statuses of the write that is completed next, 12 bytes each.
  func setOutput(_ statuses: RawSpan, recordCount: Int, for parameters: RequestParameters)
}

extension Requester {
  /// A requester that gives no reasons.
  public func refused(_ refusal: AccessRefusal, of parameters: RequestParameters) {}
}

extension RequestStatus {
  /// The same triple as the framework carries it, which knows no networking.
  public init(_ status: CompletionStatus) {
    self.init(
      ntStatus: status.ntStatus.rawValue, ndisStatus: status.ndisStatus.rawValue,
      errno: status.errno)
  }
}

extension CompletionStatus {
  /// The triple of a completed request.
  public init(_ status: RequestStatus) {
    self.init(
      NTStatus(rawValue: status.ntStatus), NDISStatus(rawValue: status.ndisStatus), status.errno)
  }
}

extension RequestParameters {
  /// The `code` of a read or write that speaks of many records; 0 speaks of one.
  public static let batchCode: UInt32 = 1

  /// Whether it reads or writes many records.
  var isBatch: Bool { code == RequestParameters.batchCode }
}
