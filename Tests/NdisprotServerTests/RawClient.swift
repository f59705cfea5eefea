import CLinux
import Glibc
import NDIS
import NdisprotControl
import TestSupport
import Testing

/// A client of the socket, a message at a time.
final class RawClient {
  private let descriptor: Int32
  private var lastID: UInt64 = 0

  struct Reply {
    let header: MessageHeader
    let payload: [UInt8]
  }

  /// Connects, and says HELLO.
  init(_ path: String, features: ProtocolFeatures = .all) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
    }
    try #require(connected == 0)
    var patience = timeval(tv_sec: Patience.seconds, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    let hello = try ask(.hello, HelloRequest(features: features.rawValue).encoded)
    try #require(hello.header.errno == 0)
  }

  deinit { close(descriptor) }

  /// Sends a request.
  func send(
    _ opcode: Opcode, _ payload: [UInt8] = [], code: UInt32 = 0, information: UInt32 = 0
  ) throws -> UInt64 {
    lastID += 1
    var header = MessageHeader(opcode, id: lastID)
    header.code = code
    header.information = information
    let encoded = header.encoded
    let message = encoded.indices.map { encoded[$0] } + payload
    try #require(Glibc.send(descriptor, message, message.count, 0) == message.count)
    return lastID
  }

  /// Sends a query of an OID.
  func sendQuery(_ oid: OID, room: UInt32 = 1_024) throws -> UInt64 {
    try send(
      .deviceControl, OIDMessage(oid: oid).encoded, code: RequestCode.queryOIDValue.rawValue,
      information: room)
  }

  /// The next message of the daemon; nil when it has hung up, or says nothing for a minute.
  func receive() throws -> Reply? {
    var bytes = [UInt8](repeating: 0, count: MessageHeader.maximumMessageByteCount)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    guard count > 0 else { return nil }
    let message = Array(bytes.prefix(count))
    return Reply(
      header: try MessageHeader(decodingReply: message.span.bytes),
      payload: Array(message.dropFirst(MessageHeader.byteCount)))
  }

  /// Sends nothing more; the daemon hangs up when it has ended the session.
  func shutDown() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Whether the daemon hangs up, behind whatever it still has to say.
  func isHungUp() -> Bool {
    var bytes = [UInt8](repeating: 0, count: MessageHeader.maximumMessageByteCount)
    var count = 0
    repeat { count = recv(descriptor, &bytes, bytes.count, 0) } while count > 0
    return count == 0
  }

  /// Sends a request, and takes its reply.
  func ask(
    _ opcode: Opcode, _ payload: [UInt8] = [], code: UInt32 = 0, information: UInt32 = 0
  ) throws -> Reply {
    let id = try send(opcode, payload, code: code, information: information)
    let reply = try #require(try receive())
    try #require(reply.header.id == id)
    return reply
  }
}
