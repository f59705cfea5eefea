internal import CLinux
internal import Glibc
internal import NdisprotClient
internal import Platform

/// A netlink socket of the namespace where it was created, usable by a process outside too.
///
/// - Thread: one at a time
/// - Ownership: closes the descriptor at the end
/// - Source: netlink(7)
final class NetlinkSocket {
  let descriptor: Int32

  /// Creates one in the namespace of the calling thread; `hearsLinks` joins RTNLGRP_LINK.
  init(hearsLinks: Bool) throws(SystemError) {
    let type = Int32(SOCK_RAW.rawValue) | (hearsLinks ? Int32(SOCK_NONBLOCK.rawValue) : 0)
    descriptor = socket(AF_NETLINK, type | Int32(SOCK_CLOEXEC.rawValue), NETLINK_ROUTE)
    guard descriptor >= 0 else { throw SystemError(failed: "socket") }
    var address = sockaddr_nl()
    address.nl_family = sa_family_t(AF_NETLINK)
    address.nl_groups = hearsLinks ? 1 : 0  // RTMGRP_LINK
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
      }
    }
    guard result == 0 else {
      let error = SystemError(failed: "bind")
      close(descriptor)
      throw error
    }
  }

  /// Takes ownership of one that another process created.
  init(owning descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Sends a request to the kernel, and waits for its answer.
  ///
  /// - Throws: the kernel's error, with the name in `call`
  func perform(_ request: NetlinkRequest, _ call: String) throws(SystemError) {
    let bytes = request.sealed
    guard unsafe send(descriptor, bytes, bytes.count, 0) == bytes.count else {
      throw SystemError(errno: errno, call: call)
    }
    while true {
      let answer = receive()
      guard !answer.isEmpty else { throw SystemError(errno: errno, call: call) }
      // NLMSG_ERROR: the header, then the error as a negative number.
      guard answer.native(UInt16.self, at: 4) == 2, let error = answer.native(UInt32.self, at: 16)
      else { continue }
      guard error == 0 else {
        throw SystemError(errno: 0 &- Int32(bitPattern: error), call: call)
      }
      return
    }
  }

  /// The next datagram; empty if there is none.
  func receive() -> [UInt8] {
    var room = [UInt8](repeating: 0, count: 32 << 10)
    let count = unsafe recv(descriptor, &room, room.count, 0)
    return Array(room.prefix(max(0, count)))
  }
}
