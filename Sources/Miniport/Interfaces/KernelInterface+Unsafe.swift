internal import CLinux
internal import Glibc
internal import NDIS

/// The kernel's present data about an interface; all of it may change at any time.
///
/// - Source: netdevice(7)
enum KernelInterface {
  /// The name, NUL-terminated.
  ///
  /// - Throws: `.noSuchDevice` if the interface does not exist; `.system` if the query failed, for
  ///   lack of a descriptor
  static func name(_ index: Int32) throws(MiniportError) -> [CChar] {
    // if_indextoname(3) does the same, but does not distinguish the two failures.
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw MiniportError(failed: "socket") }
    defer { close(descriptor) }
    guard let name = name(index, through: descriptor) else { throw .noSuchDevice }
    return name.map { CChar(bitPattern: $0) } + [0]
  }

  /// The name in 16 bytes, queried through any socket; nil if the interface does not exist.
  ///
  /// - Shape: `struct ifreq`, `[name 16][union 24, an int in front]`, as bytes: glibc's and the
  ///   kernel's definitions differ, and Swift takes neither when it sees both
  static func name(_ index: Int32, through descriptor: Int32) -> [UInt8]? {
    var request = [UInt8](repeating: 0, count: Int(IF_NAMESIZE))
    request += [UInt8](littleEndian: UInt64(UInt32(bitPattern: index)), 0, 0)
    guard unsafe ioctl(descriptor, UInt(SIOCGIFNAME), &request) == 0 else { return nil }
    return Array(request.prefix(Int(IF_NAMESIZE)))
  }

  /// The bytes of its alternative names, without NUL; empty if the query fails.
  ///
  /// May block on the kernel's rtnl lock.
  static func alternativeNames(_ index: Int32) -> [[UInt8]] {
    guard let socket = try? RouteSocket(groups: 0) else { return [] }
    return socket.link(index)?.alternativeNames.map(\.bytes) ?? []
  }

  /// The MTU, queried through any socket; nil if the interface does not exist.
  static func mtu(_ index: Int32, through descriptor: Int32) -> UInt32? {
    guard let name = name(index, through: descriptor) else { return nil }
    var request = name + [UInt8](repeating: 0, count: 24)
    guard unsafe ioctl(descriptor, UInt(SIOCGIFMTU), &request) == 0 else { return nil }
    return unsafe request.span.bytes.u32(at: Int(IF_NAMESIZE))
  }

  /// The interface that a packet socket is bound to; nil if none, or if it is no packet socket.
  ///
  /// - Source: packet(7): when an interface is deleted, its sockets have the index -1
  static func boundIndex(of descriptor: Int32) -> Int32? {
    var address = sockaddr_ll()
    var byteCount = socklen_t(MemoryLayout<sockaddr_ll>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(descriptor, $0, &byteCount)
      }
    }
    guard result == 0, address.sll_family == UInt16(AF_PACKET), address.sll_ifindex > 0 else {
      return nil
    }
    return address.sll_ifindex
  }
}
