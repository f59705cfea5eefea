internal import MDL
internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform

/// What is queued for one session's socket: replies in order, then events.
///
/// Replies to writes are held back for a turn or more, so that the client is woken once for many.
/// Records of the receive ring never wait here: they are sent at once, or stay in the ring.
///
/// - Thread: the loop that has the session
final class ReplyQueue {
  /// Replies to several writes are sent together: when the socket was empty, or at 256 frames.
  static let heldFrameLimit = 256

  private let socket: ClientSocket
  private let outgoing: OutgoingMessages
  /// The number of frames whose writes are answered in `outgoing`.
  private var heldFrames = 0
  private var mustFlush = false
  /// The socket is full; epoll reports when it has room.
  private(set) var isFull = false
  /// The session's messages are not read until half of the queue is sent.
  private var isThrottled = false

  /// Makes an empty queue, whose memory a user is charged for.
  init(_ socket: ClientSocket, _ budget: Budget, of userID: UInt32) {
    self.socket = socket
    outgoing = OutgoingMessages(budget, of: userID)
  }

  /// Whether nothing is queued.
  var isIdle: Bool { outgoing.isEmpty && !mustFlush }

  /// Whether there is room for another long answer.
  var hasRoom: Bool { outgoing.byteCount < outgoing.bound }

  /// Whether the queue may wait for another turn.
  var mayHold: Bool { !mustFlush && heldFrames < ReplyQueue.heldFrameLimit }

  /// Adds a reply; a reply to a write says for how many frames it may be held back.
  func append(
    _ header: MessageHeader, _ payload: RawSpan, reason: String? = nil, heldFrames frames: Int = 0
  ) {
    let bytes = header.encoded
    if let reason {
      let text = payload.array + Array(reason.utf8)
      outgoing.append(unsafe bytes.span.bytes, unsafe text.span.bytes)
    } else {
      outgoing.append(unsafe bytes.span.bytes, payload)
    }
    if frames > 0 { heldFrames += frames } else { mustFlush = true }
  }

  /// Requests a flush for something outside this queue.
  func demandFlush() { mustFlush = true }

  /// The socket is writable again.
  func noteRoom() { isFull = false }

  /// The result of sending.
  enum Outcome {
    /// Everything was sent.
    case sent
    /// The socket is full.
    case full
    /// Nothing can be sent any more.
    case lost
  }

  /// Sends the queue, then events, until none is left or the socket is full.
  func flush(_ nextEvent: () -> EventMessage?) -> Outcome {
    mustFlush = false
    heldFrames = 0
    while true {
      switch outgoing.flush(to: socket.descriptor) {
      case .done: isFull = false
      case .blocked:
        isFull = true
        return .full
      case .tooLong, .gone:
        isFull = true
        return .lost
      }
      guard let event = nextEvent() else { return .sent }
      var header = MessageHeader(.event, id: 0)
      header.count = event.binding == nil ? 0 : 1
      let (front, payload) = (header.encoded, event.encoded)
      outgoing.append(unsafe front.span.bytes, unsafe payload.span.bytes)
    }
  }

  /// Sends records from where they lie; the queue must be empty.
  func send(_ header: MessageHeader, _ records: MDLChain) -> AnswerOutcome? {
    switch socket.send(header, records) {
    case .done: return .taken
    case .blocked:
      isFull = true
      return .blocked
    case .tooLong:
      let limit = SendBufferBudget.longestMessage(socket)
      return .tooLong(recordByteLimit: limit - MessageHeader.byteCount)
    case .gone:
      isFull = true
      return nil
    }
  }

  /// What epoll has to report: from a client that does not read, nothing is read either.
  func interest() -> Interest {
    var wanted: Interest = isFull ? [.write] : []
    isThrottled = !outgoing.isShort && isTooLong()
    if !isThrottled { wanted.insert(.read) }
    return wanted
  }

  /// Out of line, as the growth of the queue is: with either in it, the end of a turn is no longer
  /// compiled as one piece.
  @inline(never)
  private func isTooLong() -> Bool {
    outgoing.byteCount >= outgoing.bound / (isThrottled ? 2 : 1)
  }
}

extension RawSpan {
  /// A copy of the bytes.
  fileprivate var array: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }
}
