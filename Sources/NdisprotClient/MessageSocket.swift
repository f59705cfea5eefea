internal import CLinux
internal import Glibc
internal import MDL
internal import NdisprotControl

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

  private let descriptor: Int32
  private var buffer = MDLBuffer(byteCount: MessageHeader.maximumMessageByteCount)
  private var byteCount = 0
  private var canWait = false

  /// Takes over a connected socket.
  init(owning descriptor: Int32) {
    self.descriptor = descriptor
    growSendBuffer()
    var time = timeval(tv_sec: Int(Self.receiveWaitNanoseconds / 1_000_000_000), tv_usec: 0)
    // Where that is refused no receive waits.
    let result = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    canWait = result == 0
  }

  deinit { close(descriptor) }

  /// As much as the system allows: a stock one holds a message and a half.
  private func growSendBuffer() {
    var byteCount: Int32 = 1 << 20
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_SNDBUF, &byteCount, socklen_t(MemoryLayout<Int32>.size))
  }

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
  func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Sends a message, made of two parts, if there is room for it.
  func trySend(_ front: RawSpan, _ rest: RawSpan) throws(ClientError) -> Outcome {
    var vectors = unsafe InlineArray<2, iovec>(repeating: iovec())
    let sent = unsafe front.withUnsafeBytes { front in
      unsafe rest.withUnsafeBytes { rest in
        // sendmsg only reads what the vectors point to.
        unsafe vectors[0] = iovec(
          iov_base: UnsafeMutableRawPointer(mutating: front.baseAddress), iov_len: front.count)
        unsafe vectors[1] = iovec(
          iov_base: UnsafeMutableRawPointer(mutating: rest.baseAddress), iov_len: rest.count)
        var span = unsafe vectors.mutableSpan
        return unsafe span.withUnsafeMutableBufferPointer { table in
          var message = unsafe msghdr()
          unsafe message.msg_iov = table.baseAddress
          unsafe message.msg_iovlen = table.count
          return unsafe sendmsg(descriptor, &message, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        }
      }
    }
    return sent >= 0 ? .done : try outcome(of: "sendmsg")
  }

  /// Receives a message if there is one; told to wait, waits a while for it in the same call.
  func tryReceive(waiting isWaiting: Bool = false) throws(ClientError) -> Outcome {
    let flags = Int32(MSG_CMSG_CLOEXEC) | (isWaiting && canWait ? 0 : Int32(MSG_DONTWAIT))
    var message = unsafe msghdr()
    let received = buffer.withMutableBytes { bytes in
      unsafe bytes.withUnsafeMutableBytes { memory in
        var vector = unsafe iovec(iov_base: memory.baseAddress, iov_len: memory.count)
        return unsafe withUnsafeMutablePointer(to: &vector) { vector in
          unsafe message.msg_iov = vector
          unsafe message.msg_iovlen = 1
          return unsafe recvmsg(descriptor, &message, flags)
        }
      }
    }
    guard received >= 0 else { return try outcome(of: "recvmsg") }
    byteCount = received
    guard received > 0 else { return .gone }
    // No room was given for descriptors, so the kernel has closed those that came along.
    guard unsafe message.msg_flags & Int32(MSG_CTRUNC) == 0 else {
      throw .protocolViolation(.carriesDescriptors)
    }
    guard unsafe message.msg_flags & Int32(MSG_TRUNC) == 0 else {
      throw .protocolViolation(.messageTooLong(byteCount: received))
    }
    return .done
  }

  private func outcome(of call: StaticString) throws(ClientError) -> Outcome {
    let error = SystemError(failed: call)
    switch error.errno {
    // ENOBUFS: no memory for the message just now; a wait for room is what there is to do.
    // EINTR: whoever waits looks at his deadline before he waits again.
    case EAGAIN, ENOBUFS, EINTR: return .wouldBlock
    case EPIPE, ENOTCONN: return .gone
    case ECONNRESET: return .reset
    default: throw .system(error)
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
      pollfd(fd: descriptor, events: wanted.rawValue, revents: 0),
      pollfd(fd: interruption?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      var span = polled.mutableSpan
      let count = unsafe span.withUnsafeMutableBufferPointer {
        unsafe poll($0.baseAddress, 2, deadline.pollMilliseconds)
      }
      if count < 0, errno != EINTR { throw .system(SystemError(failed: "poll")) }
      if interruption?.isRaised == true { throw .interrupted }
      guard count <= 0 else { break }
      if deadline.isPast { return [] }
    }
    let hungUp = polled[0].revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0
    return hungUp ? wanted : Readiness(rawValue: polled[0].revents).intersection(wanted)
  }
}
