internal import CLinux
internal import Glibc
internal import NDIS
internal import Platform

/// A netlink socket for queries about single interfaces: ethtool through ioctl, counters through
/// rtnetlink.
///
/// A call blocks until the kernel's rtnl lock is free for it.
///
/// - Thread: the kernel thread
/// - Source: netlink(7), rtnetlink(7), netdevice(7), `<linux/sockios.h>`
@safe final class CardSocket {
  private let socket: RouteSocket
  private var sequence: UInt32 = 0

  init() throws(SystemError) { socket = try RouteSocket(groups: 0) }

  // MARK: ethtool

  /// Queries the driver: `bytes` begin with the command, and receive the answer.
  ///
  /// - Returns: 0, or the errno of a driver that does not know
  /// - Throws: `.noSuchDevice`; otherwise the name belonged to the interface before and after the
  ///   call
  func ethtool(_ bytes: inout [UInt8], _ interfaceIndex: Int32) throws(MiniportError) -> Int32 {
    try ioctl(UInt(SIOCETHTOOL), interfaceIndex, &bytes)
  }

  /// Whether the interface has wireless extensions.
  func isWireless(_ interfaceIndex: Int32) throws(MiniportError) -> Bool {
    // SIOCGIWNAME of <linux/wireless.h>: the answer is in the request itself.
    var unused = [UInt8](repeating: 0, count: 8)
    return try ioctl(0x8B01, interfaceIndex, &unused) == 0
  }

  /// - Shape: `struct ifreq`: `[name 16][union 24, a pointer in front]`, see `KernelInterface.name`
  private func ioctl(
    _ request: UInt, _ interfaceIndex: Int32, _ bytes: inout [UInt8]
  ) throws(MiniportError) -> Int32 {
    // A name may be given to another interface between two calls, and only names can be queried.
    for _ in 0..<3 {
      let name = KernelInterface.name(interfaceIndex, through: socket.descriptor)
      guard let name else { throw .noSuchDevice }
      var answer = bytes
      var ifreq = name
      let number = unsafe answer.withUnsafeMutableBytes { memory -> Int32 in
        ifreq += [UInt8](littleEndian: UInt(bitPattern: memory.baseAddress))
        ifreq += [UInt8](repeating: 0, count: 16)
        return unsafe Glibc.ioctl(socket.descriptor, request, &ifreq) < 0 ? errno : 0
      }
      guard name == KernelInterface.name(interfaceIndex, through: socket.descriptor) else {
        continue
      }
      if number == ENODEV { throw .noSuchDevice }
      bytes = answer
      return number
    }
    throw .noSuchDevice
  }

  // MARK: rtnetlink

  /// Queries the counters of an interface (RTM_GETSTATS).
  func statistics(_ interfaceIndex: Int32) throws(MiniportError) -> InterfaceStatistics {
    sequence &+= 1
    var request = StatisticsRequest()
    request.header.nlmsg_len = UInt32(MemoryLayout<StatisticsRequest>.size)
    request.header.nlmsg_type = UInt16(RTM_GETSTATS)
    request.header.nlmsg_flags = UInt16(NLM_F_REQUEST)
    request.header.nlmsg_seq = sequence
    request.body.ifindex = UInt32(bitPattern: interfaceIndex)
    request.body.filter_mask = 1 << UInt32(IFLA_STATS_LINK_64 - 1)
    let byteCount = MemoryLayout<StatisticsRequest>.size
    guard unsafe Glibc.send(socket.descriptor, &request, byteCount, 0) == byteCount else {
      throw MiniportError(failed: "send(RTM_GETSTATS)")
    }
    // The kernel has answered when the send returns.
    while case .datagram(let byteCount) = socket.receive() {
      guard let answer = answer(byteCount), answer.sequence == sequence else { continue }
      switch answer.content {
      case .statistics(let statistics, interfaceIndex): return statistics
      case .error(ENODEV): throw .noSuchDevice
      case .error(let number): throw .system(errno: number, call: "RTM_GETSTATS")
      default: continue
      }
    }
    throw .system(errno: ENODATA, call: "RTM_GETSTATS")
  }

  /// The first message of a datagram.
  private func answer(_ byteCount: Int) -> NetlinkMessage? {
    var first: NetlinkMessage?
    socket.withDatagram(byteCount: byteCount) { datagram in
      _ = NetlinkDecoder.forEachMessage(in: datagram) { first = first ?? $0 }
    }
    return first
  }
}

/// RTM_GETSTATS for one link.
private struct StatisticsRequest {
  var header = nlmsghdr()
  var body = if_stats_msg()
}
