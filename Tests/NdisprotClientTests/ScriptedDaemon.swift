import Glibc
import MDL
import NDIS
import NdisprotControl
import Synchronization
import TestSupport
import Testing

@testable import NdisprotClient

/// The daemon's end of a connection, played by a script of the test.
struct ScriptedPeer: Sendable {
  let descriptor: Int32

  struct Message {
    let header: MessageHeader
    let payload: [UInt8]
    var opcode: Opcode? { Opcode(rawValue: header.opcode) }
  }

  enum ScriptError: Error {
    /// Nothing came within a minute, or the client hung up.
    case noMessage(errno: Int32)
    case unexpected(opcode: UInt16)
  }

  /// The next message of the client.
  func receive() throws -> Message {
    var buffer = [UInt8](repeating: 0, count: 131_073)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    guard count > 0 else { throw ScriptError.noMessage(errno: count == 0 ? 0 : errno) }
    let message = Array(buffer.prefix(count))
    return Message(
      header: try MessageHeader(decodingRequest: message.span.bytes),
      payload: Array(message.dropFirst(MessageHeader.byteCount)))
  }

  /// The next message, which must be of this kind.
  @discardableResult
  func receive(_ opcode: Opcode) throws -> Message {
    let message = try receive()
    guard message.opcode == opcode else {
      throw ScriptError.unexpected(opcode: message.header.opcode)
    }
    return message
  }

  /// Whether nothing comes for a while.
  func isSilent(milliseconds: Int32) -> Bool {
    var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&polled, 1, milliseconds) == 0
  }

  func send(_ bytes: [UInt8]) {
    _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// Answers a request.
  func reply(
    to header: MessageHeader, _ status: CompletionStatus = .success, _ payload: [UInt8] = [],
    count: UInt32 = 0, bytesNeeded: UInt32 = 0, information: UInt32? = nil
  ) {
    var reply = MessageHeader(opcode: header.opcode, id: header.id)
    reply.flags = MessageHeader.replyFlag
    reply.completion = status
    reply.count = count
    reply.bytesNeeded = bytesNeeded
    reply.information = information ?? UInt32(payload.count)
    send(reply.encoded.indices.map { reply.encoded[$0] } + payload)
  }

  /// Answers HELLO.
  func greet() throws {
    let hello = try receive(.hello)
    reply(
      to: hello.header, .success,
      HelloReply(version: 1, maximumMessageByteCount: 131_072, features: 0).encoded)
  }

  /// Answers OPEN for an interface np0 with the address 02:00:00:00:00:01.
  func grantOpen() throws {
    let message = try receive(.open)
    let request = try OpenRequest(decoding: message.payload.span.bytes)
    let reply = OpenReply(
      mode: request.mode, flags: request.flags, queueByteCount: 1 << 20, interfaceIndex: 17,
      maximumFrameSize: 1500, address: MACAddress([2, 0, 0, 0, 0, 1]),
      etherTypes: request.etherTypes,
      name: request.name.text)
    self.reply(to: message.header, .success, reply.encoded)
  }

  /// Records of a read's reply: frames of the given lengths, numbered in their first byte.
  static func records(_ lengths: [Int], from first: UInt8 = 0) -> [UInt8] {
    var writer = RecordWriter()
    for (index, length) in lengths.enumerated() {
      let frame = [UInt8](repeating: first &+ UInt8(truncatingIfNeeded: index), count: length)
      _ = writer.append(FrameRecord(length: 0, originalLength: 0, timestamp: 7), frame.span.bytes)
    }
    return writer.records.withUnsafeBytes { Array($0) }
  }
}

/// Runs `body` on a connection whose other end is played by `script` on a thread of its own.
///
/// Without `greets`, the script answers HELLO itself.
func withDaemon(
  greets: Bool = true, interruption: CancellationToken? = nil,
  _ script: @escaping @Sendable (ScriptedPeer) throws -> Void,
  _ body: (() throws -> Connection) throws -> Void
) throws {
  var ends: [Int32] = [0, 0]
  let type = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
  try #require(socketpair(AF_UNIX, type, 0, &ends) == 0)
  var patience = timeval(tv_sec: Patience.seconds, tv_usec: 0)
  setsockopt(
    ends[1], SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  let peer = ScriptedPeer(descriptor: ends[1])
  let failure = Mutex<(any Error)?>(nil)
  let thread = TestThread {
    do {
      if greets { try peer.greet() }
      try script(peer)
    } catch {
      failure.withLock { $0 = error }
    }
    shutdown(peer.descriptor, Int32(SHUT_RDWR))
  }
  defer {
    thread.join()
    close(peer.descriptor)
  }
  let socket = MessageSocket(owning: ends[0])
  do {
    defer { socket.hangUpAfterScript(thread) }
    try body {
      try Connection(
        socket, interruption: interruption, by: Deadline(after: .seconds(Patience.seconds)))
    }
  }
  if let error = failure.withLock({ $0 }) { throw error }
}

extension MessageSocket {
  /// The script ends first, so that it can still look at what the client sent last.
  fileprivate func hangUpAfterScript(_ thread: TestThread) { thread.join() }
}

/// As `withDaemon`, with np0 open.
func withOpenBinding(
  interruption: CancellationToken? = nil,
  _ script: @escaping @Sendable (ScriptedPeer) throws -> Void,
  _ body: (OpenBinding) throws -> Void
) throws {
  try withDaemon(
    interruption: interruption,
    { peer throws in
      try peer.grantOpen()
      try script(peer)
    },
    { connect throws in try body(try connect().open("np0", etherTypes: .eapol)) })
}
