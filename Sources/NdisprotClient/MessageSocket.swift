internal import Glibc
internal import MDL
internal import NdisprotControl
internal import Platform

/// A connected socket and the buffer of the message that arrived last.
///
/// Nothing here blocks but `wait`, and `tryReceive` if it is told to, so that a client that has
/// something to send goes on receiving: a daemon whose replies are not taken stops to read.
///
/// - Thread: one at a time, but for `hangUp`
final class MessageSocket {
  /// What became of an attempt.
  enum Outcome {
    /// A whole message went, or came.
    case done
    /// The socket is full, or empty.
    case wouldBlock
    /// The peer is gone.
    case gone
    /// The peer is gone and has left something unread; what it sent may still be received.
    case reset
  }

  /// How long a receive that waits does so, if no message comes and no signal.
  static let receiveWaitNanoseconds: UInt64 = 1_000_000_000

  private let socket: UnixSocket
  private var buffer = MDLBuffer(byteCount: MessageHeader.maximumMessageByteCount)
  private var byteCount = 0
  private let canWait: Bool

  /// Takes over a connected socket.
  init(owning descriptor: Int32) {
    socket = UnixSocket(descriptor)
    // As much as the system allows: a stock one holds a message and a half.
    socket.setSendBuffer(byteCount: 1 << 20)
    // Where that is refused no receive waits.
    canWait = socket.setReceiveTimeout(
      milliseconds: Int32(Self.receiveWaitNanoseconds / 1_000_000))
  }

  deinit { socket.close() }

  /// For poll(2); it belongs to this object.
  var descriptor: Int32 { socket.descriptor }

  /// The message that arrived last.
  var message: RawSpan {
    @_lifetime(borrow self) get {
      // The memory does not move while the socket lives, and is written in `tryReceive` only.
      unsafe _overrideLifetime(buffer.bytes.extracting(first: byteCount), borrowing: self)
    }
  }

  /// The message that arrived last, without its header.
  var payload: RawSpan {
    @_lifetime(borrow self) get { message.extracting(droppingFirst: MessageHeader.byteCount) }
  }

  /// Ends the conversation, also under a wait of another thread.
  func hangUp() { socket.hangUp() }

  /// Sends a message, made of two parts, if there is room for it.
  func trySend(_ front: RawSpan, _ rest: RawSpan) throws(ClientError) -> Outcome {
    try outcome(socket.send(front, rest))
  }

  /// Receives a message if there is one; told to wait, waits a while for it in the same call.
  func tryReceive(waiting isWaiting: Bool = false) throws(ClientError) -> Outcome {
    let received = buffer.withMutableBytes {
      socket.receive(into: &$0, isWaiting: isWaiting && canWait)
    }
    byteCount = if case .done(let byteCount) = received { byteCount } else { 0 }
    return try outcome(received)
  }

  private func outcome(_ outcome: UnixSocket.Outcome) throws(ClientError) -> Outcome {
    switch outcome {
    case .done: return .done
    case .wouldBlock: return .wouldBlock
    case .gone: return .gone
    case .reset: return .reset
    case .carriedDescriptors: throw .protocolViolation(.carriesDescriptors)
    case .tooLong(let byteCount): throw .protocolViolation(.messageTooLong(byteCount: byteCount))
    case .failed(let error): throw .system(error)
    }
  }

  /// What a wait is for.
  struct Readiness: OptionSet {
    let rawValue: Int16
    static let receive = Readiness(rawValue: Int16(POLLIN))
    static let send = Readiness(rawValue: Int16(POLLOUT))
  }

  /// Waits until one of `wanted` is possible, or the peer is gone.
  ///
  /// - Returns: what is possible; empty when the deadline is over
  /// - Throws: `.interrupted`
  func wait(
    for wanted: Readiness, by deadline: Deadline, _ interruption: Interruption?
  ) throws(ClientError) -> Readiness {
    var polled: InlineArray<2, pollfd> = [
      pollfd(fd: socket.descriptor, events: wanted.rawValue, revents: 0),
      pollfd(fd: interruption?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      let count = pollBoth(&polled, milliseconds: deadline.pollMilliseconds)
      if count < 0 {
        let error = SystemError(failed: "poll")
        if error.errno != EINTR { throw .system(error) }
      }
      if interruption?.isRaised == true { throw .interrupted }
      guard count <= 0 else { break }
      if deadline.isPast { return [] }
    }
    let hungUp = polled[0].revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0
    return hungUp ? wanted : Readiness(rawValue: polled[0].revents).intersection(wanted)
  }
}
