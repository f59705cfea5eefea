import CLinux
import Glibc
import MDL
import NDIS
import Ndisprot
import NdisprotControl
import Platform
import TestSupport
import Testing
import WDF

@testable import NdisprotServer

/// Sockets of clients that do what no client should.
@Suite("ClientSocket and Closers", .timeLimit(.minutes(15)))
struct ClientSocketTests {
  /// Both ends of a connection; `mayPass` as on a kernel that lets descriptors through.
  private func pair(mayPass: Bool) throws -> (ClientSocket, client: Int32) {
    var ends: [Int32] = [0, 0]
    try #require(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0)
    let socket = ClientSocket(ends[0])
    if mayPass {
      var on: Int32 = 1
      setsockopt(ends[0], SOL_SOCKET, 83, &on, socklen_t(MemoryLayout<Int32>.size))
    }
    return (socket, ends[1])
  }

  /// Sends a message with a descriptor; whether the kernel took it.
  private func send(_ byteCount: Int, with descriptor: Int32, to client: Int32) -> Bool {
    var bytes = [UInt8](repeating: 7, count: max(byteCount, 1))
    var descriptor = descriptor
    var control = [UInt8](repeating: 0, count: clinux_cmsg_space(4))
    return bytes.withUnsafeMutableBytes { bytes in
      control.withUnsafeMutableBytes { control in
        var vector = iovec(iov_base: bytes.baseAddress, iov_len: byteCount)
        return withUnsafeMutablePointer(to: &vector) { vector in
          var message = msghdr()
          message.msg_iov = vector
          message.msg_iovlen = 1
          message.msg_control = control.baseAddress
          message.msg_controllen = control.count
          guard let header = clinux_cmsg_first(&message) else { return false }
          header.pointee.cmsg_level = SOL_SOCKET
          header.pointee.cmsg_type = Int32(SCM_RIGHTS)
          header.pointee.cmsg_len = clinux_cmsg_length(4)
          memcpy(clinux_cmsg_data(header), &descriptor, 4)
          return sendmsg(client, &message, Int32(MSG_NOSIGNAL)) == byteCount
        }
      }
    }
  }

  /// A connection whose last close takes a minute: its queue is full, and its peer reads nothing.
  private func lingering() throws -> (descriptor: Int32, peer: Int32) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
    let peer: Int32? = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard bind(listener, address, size) == 0, listen(listener, 1) == 0,
          getsockname(listener, address, &size) == 0
        else { return nil }
        _ = connect(client, address, size)
        return accept(listener, nil, nil)
      }
    }
    let bytes = [UInt8](repeating: 0, count: 65_536)
    while Glibc.send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL)) > 0 {}
    var value = linger(l_onoff: 1, l_linger: 60)
    setsockopt(client, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    return (client, try #require(peer))
  }

  @Test("attack 1: a kernel that knows SO_PASSRIGHTS takes no descriptor for the daemon")
  func forbidden() throws {
    let (socket, client) = try pair(mayPass: false)
    defer { close(socket.descriptor) }
    defer { close(client) }
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(socket.descriptor, SOL_SOCKET, 83, &value, &size) == 0 else { return }
    #expect(!send(1, with: 2, to: client) && errno == EPERM)
  }

  @Test(
    "attack 1: a descriptor left in the queue, behind messages, some without a byte, is found and closed elsewhere",
    arguments: [0, 1, 200], [true, false])
  func left(messages: Int, clientIsGone: Bool) throws {
    let (socket, client) = try pair(mayPass: true)
    let (descriptor, peer) = try lingering()
    defer { close(peer) }
    for number in 0..<messages {
      _ = Glibc.send(client, [UInt8](repeating: 1, count: 8), number % 2 * 8, Int32(MSG_NOSIGNAL))
    }
    // What the client has not read makes its hang-up a reset.
    _ = Glibc.send(socket.descriptor, [1], 1, 0)
    try #require(send(2, with: descriptor, to: client))
    close(descriptor)
    if clientIsGone { close(client) }
    let budget = Budget("sessions", Budget.Limits(all: 1))
    let place = SessionPlace(budget.chargeAnyway(to: Budget.Holder(userID: 1)))
    let start = monotonicNanoseconds()
    Closers().close(socket, of: 1, place)
    #expect(monotonicNanoseconds() - start < 2_000_000_000)
    // The charge is given back when all is closed, which nothing holds up.
    #expect(eventually { budget.use.used == 0 })
    if !clientIsGone { close(client) }
  }

  @Test("attack 4: a client that shut down its reading side has not hung up, one that left has")
  func halfClosed() throws {
    let (socket, client) = try pair(mayPass: true)
    defer { close(socket.descriptor) }
    #expect(!socket.isHungUp)
    shutdown(client, Int32(SHUT_RD))
    #expect(!socket.isHungUp)
    let nothing = MDLChainBuilder<1>()
    #expect(socket.send(MessageHeader(.event, id: 0), nothing.chain) == .gone)
    close(client)
    #expect(socket.isHungUp)
  }
}
