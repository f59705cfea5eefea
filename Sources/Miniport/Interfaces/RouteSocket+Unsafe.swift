internal import CLinux
internal import Glibc
internal import NDIS
internal import Platform

/// A netlink socket that receives messages about links, or queries one.
///
/// - Source: netlink(7), rtnetlink(7)
@safe final class RouteSocket {
  /// The kernel's dumps arrive in datagrams of at most 32 KiB.
  private static let bufferByteCount = 64 << 10

  /// The result of reading the socket.
  enum Received {
    /// A datagram; it is in the buffer.
    case datagram(byteCount: Int)
    /// Nothing more for now.
    case nothing
    /// Messages were lost: the socket's buffer was full (ENOBUFS), or the datagram was cut.
    case loss
    /// The socket failed; it will be read again.
    case failure
  }

  let descriptor: Int32
  private let buffer: UnsafeMutableRawBufferPointer

  /// Opens the socket and joins the group of links, or none; a small buffer is for tests of its
  /// overflow.
  init(
    groups: Int32 = RTMGRP_LINK, receiveBufferByteCount: Int32? = nil
  ) throws(SystemError) {
    descriptor = try Self.open(UInt32(bitPattern: groups), receiveBufferByteCount)
    unsafe buffer = .allocate(byteCount: Self.bufferByteCount, alignment: 16)
  }

  deinit {
    unsafe buffer.deallocate()
    close(descriptor)
  }

  private static func open(
    _ groups: UInt32, _ receiveBufferByteCount: Int32?
  ) throws(SystemError) -> Int32 {
    let kind = SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
    let descriptor = socket(AF_NETLINK, Int32(bitPattern: kind), NETLINK_ROUTE)
    guard descriptor >= 0 else { throw SystemError(failed: "socket(AF_NETLINK)") }
    if var byteCount = receiveBufferByteCount {
      unsafe setsockopt(
        descriptor, SOL_SOCKET, SO_RCVBUF, &byteCount, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_nl()
    address.nl_family = UInt16(AF_NETLINK)
    address.nl_groups = groups
    let result = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
      }
    }
    guard result == 0 else {
      let number = errno
      close(descriptor)
      throw SystemError(errno: number, call: "bind(AF_NETLINK)")
    }
    return descriptor
  }

  /// Requests a dump of all links.
  ///
  /// - Returns: whether the kernel accepted the request
  func requestDump(sequence: UInt32) -> Bool {
    var request = LinkRequest(sequence: sequence, flags: NLM_F_REQUEST | NLM_F_DUMP)
    return unsafe Glibc.send(descriptor, &request, MemoryLayout<LinkRequest>.size, 0)
      == MemoryLayout<LinkRequest>.size
  }

  /// Queries one link; the kernel has answered when the send returns.
  ///
  /// - Returns: the answer; nil if the link does not exist, or the query failed
  func link(_ index: Int32) -> AdapterAttributes? {
    var request = LinkRequest(sequence: 1, flags: NLM_F_REQUEST)
    request.link.ifi_index = index
    guard
      unsafe Glibc.send(descriptor, &request, MemoryLayout<LinkRequest>.size, 0)
        == MemoryLayout<LinkRequest>.size
    else { return nil }
    var found: AdapterAttributes?
    while found == nil, case .datagram(let byteCount) = receive() {
      withDatagram(byteCount: byteCount) { datagram in
        _ = NetlinkDecoder.forEachMessage(in: datagram) { message in
          if case .link(let link) = message.content, link.interfaceIndex == index { found = link }
        }
      }
    }
    return found
  }

  /// Reads the kernel's next datagram into the buffer.
  func receive() -> Received {
    while true {
      var sender = sockaddr_nl()
      var senderByteCount = socklen_t(MemoryLayout<sockaddr_nl>.size)
      let count = unsafe withUnsafeMutablePointer(to: &sender) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe recvfrom(
            descriptor, buffer.baseAddress, buffer.count, Int32(MSG_TRUNC), $0,
            &senderByteCount)
        }
      }
      let number = errno
      guard count >= 0 else {
        switch number {
        case EINTR: continue
        case EAGAIN: return .nothing
        case ENOBUFS: return .loss
        default: return .failure
        }
      }
      // Other programs may write to this socket too; only port 0 is the kernel.
      guard sender.nl_pid == 0 else { continue }
      return unsafe count > buffer.count ? .loss : .datagram(byteCount: count)
    }
  }

  /// Passes the bytes of the last datagram to `body`.
  func withDatagram(byteCount: Int, _ body: (RawSpan) -> Void) {
    unsafe body(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(buffer)[..<byteCount]))
  }
}

/// RTM_GETLINK, for every link or one; without the counters, which are most of an answer.
private struct LinkRequest {
  var header = nlmsghdr()
  var link = ifinfomsg()
  var attribute = rtattr()
  var filter = UInt32(RTEXT_FILTER_SKIP_STATS)

  init(sequence: UInt32, flags: Int32) {
    header.nlmsg_len = UInt32(MemoryLayout<LinkRequest>.size)
    header.nlmsg_type = UInt16(RTM_GETLINK)
    header.nlmsg_flags = UInt16(flags)
    header.nlmsg_seq = sequence
    attribute.rta_len = 8
    attribute.rta_type = UInt16(IFLA_EXT_MASK)
  }
}
