public import MDL
public import NDIS
public import WDF

/// The result of a request, as the client receives it.
public struct Answer: Equatable, Sendable {
  /// Success, or why not.
  public var status: CompletionStatus
  /// Bytes that were moved.
  public var information: Int
  /// Bytes that would have been needed, or the limit that was exceeded.
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
  /// Bytes, which are copied if they cannot be sent now.
  case bytes(RawSpan)
  /// Records where they lie in the receive ring: sent now, or not at all.
  case records(MDLChain)
}

/// What happened to an answer.
public enum AnswerOutcome: Equatable, Sendable {
  /// The client has it, or will have it.
  case taken
  /// The records cannot be sent now; call `resume` of the open when they can.
  case blocked
  /// A message of this length is never accepted; one with this many bytes of records is.
  case tooLong(recordByteLimit: Int)
}

/// The origin of requests: a session, or a test.
///
/// - Thread: `requestCompleted` and `onLoop` on any thread; the rest on the loop that has the session
public protocol RequestClient: RequestSink {
  /// Sends the answer to a request; the caller then completes the request as answered.
  ///
  /// A request that is completed without an answer is answered with its status.
  /// - Ownership: borrows the body until it returns
  /// - Returns: what happened to the answer; always `.taken` unless the body is records
  func answer(
    _ parameters: RequestParameters, _ answer: Answer, _ body: AnswerBody
  ) -> AnswerOutcome

  /// Work for the requester begins that was not caused by one of its messages; `workEnds` follows.
  ///
  /// - Returns: the argument for `workEnds`
  func workBegins() -> Bool

  /// The work has ended.
  func workEnds(_ isMeasured: Bool)

  /// Runs work on the loop that has the session: now, or when the work has reached that loop.
  func onLoop(_ work: @escaping @Sendable () -> Void)

  /// Receives the reason when the access policy refuses a request, or a frame of it, before it
  /// completes.
  ///
  /// - Thread: the loop that has the session
  func refused(_ refusal: AccessRefusal, of parameters: RequestParameters)
}

extension OwnedRequest {
  /// Answers with bytes, and ends the request.
  ///
  /// - Thread: the loop that has the session
  public consuming func answer(
    _ answer: Answer, _ bytes: RawSpan, through requester: any RequestClient
  ) {
    _ = requester.answer(parameters, answer, .bytes(bytes))
    completeAnswered(RequestStatus(answer.status), information: answer.information)
  }
}

extension RequestClient {
  /// A requester that ignores the reasons.
  public func refused(_ refusal: AccessRefusal, of parameters: RequestParameters) {}
}

extension RequestStatus {
  /// The same triple as the framework, which knows no networking, carries it.
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
  /// The `code` of a read or write of many records; 0 is a single record.
  public static let batchCode: UInt32 = 1

  /// Whether it reads or writes many records.
  var isBatch: Bool { code == RequestParameters.batchCode }
}
