internal import FuzzSupport
internal import Glibc
internal import NDIS
internal import NdisprotControl
internal import Platform

/// A client that holds the daemon to its first rule: each request is answered once, until one side
/// hangs up.
final class Peer {
  private var descriptor: Int32 = -1
  private var lastID: UInt64 = 0
  private var pending: Set<UInt64> = []
  /// One side hung up: nothing more is owed.
  private(set) var isGone = true
  private(set) var lastReply: (header: MessageHeader, payload: [UInt8])?

  deinit { hangUp() }

  func connect(_ path: String) {
    hangUp()
    descriptor = socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, size) }
    }
    require(result == 0, "the daemon takes no client any more: errno \(errno)")
    isGone = false
    (lastID, pending) = (0, [])
    send(.hello, HelloRequest().encoded)
  }

  func hangUp() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    isGone = true
  }

  /// Sends nothing more.
  func shutDown() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Sends a request; one that finds no room is not sent.
  func send(
    _ opcode: Opcode, _ payload: [UInt8] = [], code: UInt32 = 0, room: UInt32 = 0,
    count: UInt32 = 0
  ) {
    send(opcode.rawValue, payload, code: code, room: room, count: count)
  }

  func send(_ opcode: UInt16, _ payload: [UInt8], code: UInt32, room: UInt32, count: UInt32) {
    guard !isGone else { return }
    lastID += 1
    var header = MessageHeader(opcode: opcode, id: lastID)
    (header.code, header.information, header.count) = (code, room, count)
    let encoded = header.encoded
    let message = encoded.indices.map { encoded[$0] } + payload
    guard
      Glibc.send(
        descriptor, message, message.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        == message.count
    else {
      if errno != EAGAIN { isGone = true }
      return
    }
    pending.insert(lastID)
  }

  /// Cancels a request, possibly one that is answered.
  func cancel(_ back: UInt8) {
    send(.cancel, CancelRequest(id: max(1, lastID &- min(lastID, UInt64(back % 16)))).encoded)
  }

  /// Takes what the daemon has said by now.
  func take(waitingMilliseconds: Int32 = 0) {
    while !isGone {
      var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&state, 1, waitingMilliseconds) > 0 else { return }
      var bytes = [UInt8](repeating: 0, count: MessageHeader.maximumMessageByteCount)
      let received = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      guard received > 0 else {
        isGone = true
        return
      }
      note(Array(bytes.prefix(received)))
      if waitingMilliseconds > 0 { return }
    }
  }

  private func note(_ message: [UInt8]) {
    guard let header = try? MessageHeader(decodingReply: message.span.bytes) else {
      return require(false, "a message that no client can read")
    }
    // An event belongs to no request.
    guard header.id != 0 else { return }
    require(pending.remove(header.id) != nil, "a request is answered that is not pending")
    lastReply = (header, Array(message.dropFirst(MessageHeader.byteCount)))
  }

  /// Ends everything that may be pended.
  func settle() {
    let all = pending
    send(.closeDevice)
    for id in all { send(.cancel, CancelRequest(id: id).encoded) }
  }

  /// Whether nothing is owed.
  var isSettled: Bool { isGone || pending.isEmpty }

  /// Sends a request, and takes its reply.
  func ask(_ opcode: Opcode, _ payload: [UInt8]) -> (header: MessageHeader, payload: [UInt8])? {
    send(opcode, payload)
    let id = lastID
    let deadline = monotonicNanoseconds() + Peer.patienceNanoseconds
    while !isGone, pending.contains(id) {
      take(waitingMilliseconds: 100)
      require(monotonicNanoseconds() < deadline, "a question without an answer")
    }
    return lastReply
  }

  /// How long an answer may take on a machine that does much else.
  static let patienceNanoseconds: UInt64 = 60_000_000_000
}
