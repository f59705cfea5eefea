internal import NDIS
internal import WDF

/// A write on its way to the wire: one message of the client, frame by frame.
///
/// It holds the buffer of the received message; the frames are sent from there. The status of each
/// frame is written into `statuses`, and returned in the reply of a batch.
///
/// - Thread: the binding's thread
/// - Ownership: owns its message until it is finished
/// - Windows: NDISPROT send context, send.c
final class WriteOperation {
  /// The client's message.
  private(set) var message: MessageBuffer
  /// Frames in the message, as its header claims and the server checked.
  private(set) var recordCount: Int
  /// The parameters of its request.
  private(set) var parameters: RequestParameters
  private var request: OwnedRequest?

  /// Where in the message the next record starts, and its index.
  var offset: Int
  var index = 0
  /// Bytes of the frames that were sent.
  var sentByteCount = 0
  /// The status of the first frame that was not sent.
  var firstFailure: CompletionStatus?
  /// Why the access policy refused the first frame it refused.
  var refusal: AccessRefusal?
  /// The limit in the first failure.
  var bytesNeeded = 0
  /// The statuses of all frames once the operation was pended; nil before.
  var keptStatuses: StatusBuffer?
  /// Tries that found the interface queue full since the kernel last took a frame.
  var fullQueueCount = 0
  var standing = Standing.arriving

  /// The state of an operation, which decides what a change of the binding means for it.
  enum Standing {
    /// It arrived in this turn: a binding that is gone refuses it.
    case arriving
    /// It waits: a binding that goes away ends it.
    case pended
    /// It waits, and was accepted while the binding ran: a pause waits for it (rule B-16).
    case admitted
  }

  init(
    _ request: consuming OwnedRequest, message: MessageBuffer, payloadOffset: Int,
    recordCount: Int
  ) {
    parameters = request.parameters
    self.request = consume request
    self.message = message
    self.recordCount = recordCount
    offset = payloadOffset
  }

  /// Turns a finished operation into a new one, so that a write allocates nothing.
  func reuse(
    _ request: consuming OwnedRequest, message: MessageBuffer, payloadOffset: Int,
    recordCount: Int
  ) {
    parameters = request.parameters
    self.request = consume request
    self.message = message
    self.recordCount = recordCount
    offset = payloadOffset
    index = 0
    sentByteCount = 0
    firstFailure = nil
    bytesNeeded = 0
    fullQueueCount = 0
    standing = .arriving
  }

  /// It has to wait: the statuses of its frames must survive the next message, and a buffer that is
  /// not nearly full is returned for receiving.
  func keep(_ shared: StatusBuffer) {
    if parameters.isBatch {
      keptStatuses = StatusBuffer(frameCount: recordCount, copying: shared, count: index)
    }
    if message.byteCount < message.capacity - message.capacity / 8 {
      message = MessageBuffer(copying: message)
    }
  }

  /// Bytes that it holds while it waits; its buffer is at most an eighth larger than needed.
  var heldByteCount: Int {
    message.byteCount + (keptStatuses?.byteCount ?? 0) + PendingWriteBudget.overhead
  }

  /// Whether every frame has a status.
  var isThrough: Bool { index == recordCount }

  /// Records a failure for the reply as a whole; the first one counts.
  func note(_ status: CompletionStatus, bytesNeeded: Int = 0) {
    guard firstFailure == nil else { return }
    firstFailure = status
    self.bytesNeeded = bytesNeeded
  }

  /// Answers the request, a batch with the statuses of all its frames, and ends it.
  ///
  /// - Parameters:
  ///   - shared: the statuses of an operation that was never pended
  ///   - requester: the client
  func complete(_ shared: StatusBuffer, through requester: any RequestClient) {
    guard let request = request.take() else { return }
    let statuses = keptStatuses.take() ?? shared
    let status = firstFailure ?? .success
    guard parameters.isBatch else {
      request.complete(
        RequestStatus(status), information: sentByteCount, bytesNeeded: bytesNeeded)
      return
    }
    let answer = Answer(
      status, information: sentByteCount, bytesNeeded: bytesNeeded, recordCount: recordCount)
    request.answer(answer, statuses.bytes(count: recordCount), through: requester)
  }
}
