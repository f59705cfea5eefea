internal import Glibc
internal import MDL
internal import NdisprotControl
internal import Platform

/// A connected socket and the buffer of the last received message.
///
/// Nothing here blocks except `wait`, and `tryReceive` with `waiting`, so that a client that has
/// something to send can go on receiving: a daemon whose replies are not read stops reading.
///
/// - Thread: one at a time, except `hangUp`
final class MessageSocket {
  /// The result of an attempt.
  enum Outcome {
    /// A whole message was sent or received.
    case done
    /// The socket is full, or empty.
    case wouldBlock
    /// The peer is gone.
    case gone
    /// The peer is gone and left data unread; what it sent may still be received.
    case reset
  }

  /// The longest wait of a receive that blocks, without a message or a signal.
  static let receiveWaitNanoseconds: UInt64 = 1_000_000_000

  private let socket: UnixSocket
  private let buffer = HotCell(MDLBuffer(byteCount: MessageHeader.maximumMessageByteCount))
  private var byteCount = 0
  private let canWait: Bool

  /// Takes ownership of a connected socket.
  init(owning descriptor: Int32) {
    socket = UnixSocket(descriptor)
    // As large as the system allows: the default holds a message and a half.
    socket.setSendBuffer(byteCount: 1 << 20)
    // If this is refused, no receive blocks.
    canWait = socket.setReceiveTimeout(
      milliseconds: Int32(Self.receiveWaitNanoseconds / 1_000_000))
  }

  deinit { socket.close() }

  /// For poll(2); it belongs to this object.
  var descriptor: Int32 { socket.descriptor }

  /// The last received message.
  var message: RawSpan {
    @_lifetime(borrow self) get { message(in: buffer.value) }
  }

  @_lifetime(borrow self)
  private func message(in buffer: borrowing MDLBuffer) -> RawSpan {
    // The memory does not move while the socket lives, and is written in `tryReceive` only.
    unsafe _overrideLifetime(buffer.bytes.extracting(first: byteCount), borrowing: self)
  }

  /// The last received message, without its header.
  var payload: RawSpan {
    @_lifetime(borrow self) get { message.extracting(droppingFirst: MessageHeader.byteCount) }
  }

  /// Shuts the connection down, which also ends a wait on another thread.
  func hangUp() { socket.hangUp() }

  /// Sends a message, made of two parts, if the socket has room.
  func trySend(_ front: RawSpan, _ rest: RawSpan) throws(ClientError) -> Outcome {
    try outcome(socket.send(front, rest))
  }

  /// Receives a message if one is available; with `waiting`, waits a while for it in the same call.
  func tryReceive(waiting isWaiting: Bool = false) throws(ClientError) -> Outcome {
    let received = buffer.value.withMutableBytes {
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

  /// The events to wait for.
  struct Readiness: OptionSet {
    let rawValue: Int16
    static let receive = Readiness(rawValue: Int16(POLLIN))
    static let send = Readiness(rawValue: Int16(POLLOUT))
  }

  /// Waits until one of `wanted` is possible, or the peer is gone.
  ///
  /// - Returns: what is possible; empty if it timed out
  /// - Throws: `.interrupted`
  func wait(
    for wanted: Readiness, by deadline: Deadline, _ interruption: CancellationToken?
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
