internal import CLinux
internal import Glibc
internal import MDL
internal import Ndisprot
internal import NdisprotControl
internal import Platform

/// The socket of one client: receives or sends one message, never blocks.
///
/// A message may carry descriptors, and the process that closes one of them last may have to wait:
/// `SO_LINGER` of a connection, a file of a slow file system. From 6.16 on the kernel rejects such
/// messages; descriptors that arrived earlier, or on an older kernel, are received and left to
/// `Closers`.
///
/// - Thread: the loop that has the session
/// - Source: unix(7), SO_PASSRIGHTS; threat T3
struct ClientSocket: Sendable {
  let descriptor: Int32

  /// The result of an attempt to receive.
  enum Received {
    /// A message is in the buffer.
    case message
    /// No message is available.
    case nothing
    /// The client has hung up.
    case end
    /// A message carried descriptors, which its receiver owns.
    case descriptors([Int32])
    /// A message exceeds the maximum length.
    case tooLong
  }

  /// Takes ownership of a connection, and rejects descriptors from now on.
  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    _ = clinux_forbid_rights(descriptor)
  }

  /// Takes the next message.
  func receive(into buffer: MessageBuffer) -> Received {
    var received = Received.end
    buffer.fill { bytes in
      unsafe bytes.withUnsafeMutableBytes { memory in
        let (count, outcome) = unsafe receive(memory.baseAddress, memory.count)
        received = outcome
        return count
      }
    }
    return received
  }

  private func receive(
    _ memory: UnsafeMutableRawPointer?, _ capacity: Int
  ) -> (count: Int, Received) {
    unsafe withUnsafeTemporaryAllocation(of: clinux_rights.self, capacity: 1) { room in
      guard let rights = room.baseAddress else { return (0, .end) }
      var flags = Int32(MSG_DONTWAIT)
      var count = 0
      repeat {
        flags = Int32(MSG_DONTWAIT)
        count = unsafe clinux_receive(descriptor, memory, capacity, &flags, rights)
        // A client that hung up without reading everything leaves an error, and behind it what it
        // sent.
      } while count < 0 && (errno == EINTR || errno == ECONNRESET)
      if count < 0 { return (0, errno == EAGAIN ? .nothing : .end) }
      guard unsafe rights.pointee.count == 0, flags & Int32(MSG_CTRUNC) == 0 else {
        return unsafe (count, .descriptors(Self.calmed(rights)))
      }
      if flags & Int32(MSG_TRUNC) != 0 { return (count, .tooLong) }
      return (count, unsafe count == 0 && !rights.pointee.has_control ? .end : .message)
    }
  }

  /// The descriptors, with lingering switched off on each.
  private static func calmed(_ rights: UnsafeMutablePointer<clinux_rights>) -> [Int32] {
    let count = Int(unsafe rights.pointee.count)
    let descriptors = unsafe withUnsafeBytes(of: &rights.pointee.descriptors) {
      unsafe Array($0.bindMemory(to: Int32.self).prefix(count))
    }
    var off = linger(l_onoff: 0, l_linger: 0)
    for descriptor in descriptors {
      unsafe setsockopt(
        descriptor, SOL_SOCKET, SO_LINGER, &off, socklen_t(MemoryLayout<linger>.size))
    }
    return descriptors
  }

  /// Shuts the socket down for input, and drops what the client sent and the daemon will not read.
  ///
  /// - Returns: descriptors that were received with it; if there are any, the queue may hold more,
  ///   and closing the socket may block as closing them may
  func emptyQueue() -> [Int32] {
    shutdown(descriptor, Int32(SHUT_RD))
    // Distinguishes a message without bytes from the end: only a message has a sender.
    var on: Int32 = 1
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_PASSCRED, &on, socklen_t(MemoryLayout<Int32>.size))
    var byte: UInt8 = 0
    while true {
      switch unsafe receive(&byte, 1).1 {
      case .message, .tooLong: continue
      case .descriptors(let descriptors): return descriptors
      case .nothing, .end: return []
      }
    }
  }

  /// Whether the client closed its end: what it sent before can still be received.
  ///
  /// False for a client that only shut down its reading side (`SHUT_RD`).
  var isHungUp: Bool {
    var poller = pollfd(fd: descriptor, events: 0, revents: 0)
    return unsafe poll(&poller, 1, 0) > 0 && poller.revents & Int16(POLLHUP) != 0
  }

  /// Sends one message of a header and records where they lie.
  func send(_ header: MessageHeader, _ records: MDLChain) -> OutgoingMessages.FlushOutcome {
    let bytes = header.encoded
    return unsafe records.withUnsafeIOVectors { segments in
      unsafe OutgoingMessages.FlushOutcome(
        UnixSocket(descriptor).send(bytes.span.bytes, gathering: segments))
    }
  }
}
