public import MDL
public import NDIS
public import WDF

/// How a request went, as its client is told.
public struct Answer: Equatable, Sendable {
  /// Success, or why not.
  public var status: CompletionStatus
  /// Bytes that it moved.
  public var information: Int
  /// Bytes that it would have taken, or the limit that it broke.
  public var bytesNeeded: Int
  /// Records, entries or statuses that follow.
  public var recordCount: Int

  /// Makes an answer.
  public init(
    _ status: CompletionStatus = .success, information: Int = 0, bytesNeeded: Int = 0,
    recordCount: Int = 0
  ) {
    self.status = status
    self.information = information
    self.bytesNeeded = bytesNeeded
    self.recordCount = recordCount
  }
}

/// What an answer carries.
///
/// - Ownership: borrows what it carries
public enum AnswerBody: ~Escapable {
  /// Nothing.
  case nothing
  /// Bytes, which are copied if they cannot leave now.
  case bytes(RawSpan)
  /// Records where they lie in the receive ring: they leave now, or not at all.
  case records(MDLChain)
}

/// What became of an answer.
public enum AnswerOutcome: Equatable, Sendable {
  /// The client has it, or will have it.
  case taken
  /// The records cannot be taken now; `resume` of the open is due when they can.
  case blocked
  /// No message of this length is ever taken; one with so many bytes of records is.
  case tooLong(recordByteLimit: Int)
}

/// The client of requests: a session, or a test.
///
/// - Thread: `requestCompleted` and `onLoop` on any thread; the rest on the loop that has the session
public protocol Requester: RequestSink {
  /// Sends the answer to a request, which is completed as answered next.
  ///
  /// A request that is completed without this is answered with its status.
  /// - Ownership: borrows the body until it returns
  /// - Returns: what became of it; always `.taken` unless the body is records
  func answer(
    _ parameters: RequestParameters, _ answer: Answer, _ body: AnswerBody
  ) -> AnswerOutcome

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
}

extension OwnedRequest {
  /// Answers with bytes, and ends the request.
  ///
  /// - Thread: the loop that has the session
  public consuming func answer(
    _ answer: Answer, _ bytes: RawSpan, through requester: any Requester
  ) {
    _ = requester.answer(parameters, answer, .bytes(bytes))
    completeAnswered(RequestStatus(answer.status), information: answer.information)
  }
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
