internal import NDIS
internal import WDF

/// A write on its way to the wire: one message of the client, frame by frame.
///
/// It holds the buffer in which the message arrived; the frames are sent from there. What became
/// of each frame is written into `statuses`, and goes out as the reply of a batch.
///
/// - Thread: the binding's thread
/// - Ownership: owns its message until it is through
/// - Windows: NDISPROT send context, send.c
final class WriteOperation {
  /// The client's message.
  private(set) var message: MessageBuffer
  /// Frames in the message, as its header claims and the server checked.
  private(set) var recordCount: Int
  /// What its request asked.
  private(set) var parameters: RequestParameters
  private var request: OwnedRequest?

  /// Where in the message the next record starts, and which one it is.
  var offset: Int
  var index = 0
  /// Bytes of the frames that were sent.
  var sentByteCount = 0
  /// The status of the first frame that was not sent.
  var firstFailure: CompletionStatus?
  /// Why the access policy refused the first frame that it refused.
  var refusal: AccessRefusal?
  /// The limit that the first failure speaks of.
  var bytesNeeded = 0
  /// The statuses of all frames when the operation had to be pended; nil while it runs through.
  var keptStatuses: StatusBuffer?
  /// Tries that met a full interface queue since a frame was last taken.
  var fullQueueCount = 0
  var standing = Standing.arriving

  /// How far an operation has got, which decides what a change of the binding means for it.
  enum Standing {
    /// It came in this turn: a binding that is gone refuses it.
    case arriving
    /// It waits: a binding that goes ends it.
    case pended
    /// It waits, and was taken while the binding ran: a pause waits for it (rule B-16).
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

  /// Makes a finished operation a new one, so that a write allocates nothing.
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

  /// It has to wait: what is known of its frames must outlive the next one's, and a buffer that is
  /// not nearly full goes back to those who receive.
  func keep(_ shared: StatusBuffer) {
    if parameters.isBatch {
      keptStatuses = StatusBuffer(frameCount: recordCount, copying: shared, count: index)
    }
    if message.byteCount < message.capacity - message.capacity / 8 {
      message = MessageBuffer(copying: message)
    }
  }

  /// Bytes that it holds while it waits; of the buffer an eighth more at the most.
  var heldByteCount: Int {
    message.byteCount + (keptStatuses?.byteCount ?? 0) + PendingWriteBudget.overhead
  }

  /// Whether every frame has its status.
  var isThrough: Bool { index == recordCount }

  /// Notes a failure for the reply as a whole; the first one counts.
  func note(_ status: CompletionStatus, bytesNeeded: Int = 0) {
    guard firstFailure == nil else { return }
    firstFailure = status
    self.bytesNeeded = bytesNeeded
  }

  /// Answers the request, a batch with the statuses of all its frames, and ends it.
  ///
  /// - Parameters:
  ///   - shared: the statuses of an operation that ran through without waiting
  ///   - requester: the client
  func complete(_ shared: StatusBuffer, through requester: any Requester) {
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
