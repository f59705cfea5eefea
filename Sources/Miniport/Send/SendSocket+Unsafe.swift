internal import CLinux
internal import Glibc
internal import MDL
internal import NDIS

/// A packet socket that only sends: bound to one interface, to protocol 0, and to no ring.
///
/// It is separate from the capture handle because on a descriptor that epoll watches, the end of
/// every send calls epoll, a tenth of its cost. Protocol 0 keeps it out of the kernel's receive
/// path, and so out of reach of the error that a flap of the interface leaves on sockets that
/// receive: the next send on those fails, though the interface is up again (X-4, D-50).
///
/// - Thread: one at a time; a helper closes it
/// - Source: packet(7), sendmmsg(2)
@safe final class SendSocket: @unchecked Sendable {  // One thread's at a time.
  /// The most frames passed to the kernel in one call.
  static let batchCapacity = 64

  let descriptor: Int32
  private var isClosed = false
  /// The priority of what is sent.
  private var priority: UInt8 = 0
  private let messages: UnsafeMutablePointer<clinux_mmsghdr>

  init(interfaceIndex: Int32) throws(MiniportError) {
    descriptor = try Self.open(interfaceIndex)
    unsafe messages = .allocate(capacity: Self.batchCapacity)
    unsafe messages.initialize(repeating: clinux_mmsghdr(), count: Self.batchCapacity)
  }

  deinit {
    unsafe messages.deallocate()
    shut()
  }

  /// Closes the socket; the kernel waits for an RCU grace period during the call.
  func shut() {
    guard !isClosed else { return }
    isClosed = true
    close(descriptor)
  }

  private static func open(_ interfaceIndex: Int32) throws(MiniportError) -> Int32 {
    let kind = SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
    let descriptor = socket(AF_PACKET, Int32(bitPattern: kind), 0)
    guard descriptor >= 0 else {
      let failure = MiniportError(failed: "socket(AF_PACKET)")
      throw failure == .system(errno: EPERM, call: "socket(AF_PACKET)")
        ? .permissionDenied : failure
    }
    var address = sockaddr_ll()
    address.sll_family = UInt16(AF_PACKET)
    address.sll_ifindex = interfaceIndex
    let result = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_ll>.size))
      }
    }
    guard result == 0 else {
      let number = errno
      close(descriptor)
      throw number == ENODEV ? .noSuchDevice : .system(errno: number, call: "bind(AF_PACKET)")
    }
    return descriptor
  }

  /// Hands frames to the driver directly, past the interface's queueing discipline.
  ///
  /// A driver without room then refuses a frame with ENOBUFS, as a full discipline does. Nothing on
  /// this host captures such frames.
  ///
  /// - Source: packet(7), PACKET_QDISC_BYPASS
  func bypassQdisc() throws(MiniportError) {
    var one: Int32 = 1
    let result = unsafe setsockopt(
      descriptor, SOL_PACKET, PACKET_QDISC_BYPASS, &one, socklen_t(MemoryLayout<Int32>.size))
    guard result == 0 else { throw MiniportError(failed: "setsockopt(PACKET_QDISC_BYPASS)") }
  }

  /// Gives the frames that follow a priority in the interface's queues.
  ///
  /// - Complexity: a system call if they have another one so far
  /// - Source: socket(7), SO_PRIORITY; above 6 it needs CAP_NET_ADMIN, from Linux 5.17 on CAP_NET_RAW
  func setPriority(_ priority: UInt8) throws(MiniportError) {
    guard priority != self.priority, let number = refusal(of: priority) else { return }
    throw .system(errno: number, call: "setsockopt(SO_PRIORITY)")
  }

  /// Asks the kernel for a priority; the errno of its refusal.
  private func refusal(of priority: UInt8) -> Int32? {
    var value = Int32(priority)
    let result = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_PRIORITY, &value, socklen_t(MemoryLayout<Int32>.size))
    guard result == 0 else { return errno }
    self.priority = priority
    return nil
  }

  /// Sends each segment of a chain as one frame, in order, until one is refused.
  ///
  /// The kernel reads the chain's own table of segments; only the kernel copies.
  ///
  /// - Complexity: one system call for up to `batchCapacity` frames, one more for another priority;
  ///   no allocation
  func send(_ frames: MDLChain, priority: UInt8) -> SendProgress {
    // Allowed at the open: a refusal here is of a kernel that changed its mind.
    if priority != self.priority, let number = refusal(of: priority) {
      return SendProgress(sentCount: 0, failure: .other(errno: number))
    }
    return unsafe frames.withUnsafeIOVectors { table in
      var sent = 0
      while sent < table.count {
        let count = min(table.count &- sent, Self.batchCapacity)
        unsafe point(at: table, from: sent, count)
        let taken = unsafe clinux_sendmmsg(
          descriptor, messages, UInt32(truncatingIfNeeded: count), 0)
        let number = errno
        if taken > 0 {
          sent &+= Int(taken)
        } else if number != EINTR {
          return SendProgress(sentCount: sent, failure: SendFailure(errno: number))
        }
      }
      return SendProgress(sentCount: sent, failure: nil)
    }
  }

  private func point(at table: UnsafeBufferPointer<iovec>, from start: Int, _ count: Int) {
    let first = unsafe UnsafeMutablePointer(mutating: table.baseAddress)
    for index in 0..<count {
      unsafe messages[index].msg_hdr.msg_iov = unsafe first?.advanced(by: start &+ index)
      unsafe messages[index].msg_hdr.msg_iovlen = 1
    }
  }
}

extension SendFailure {
  /// The meaning of an errno of a packet socket's send.
  ///
  /// - Source: packet(7); `Ndisprot.docc/Linux.md` section 2
  init(errno number: Int32) {
    self =
      switch number {
      case EAGAIN: .wouldBlock
      case ENOBUFS: .noBuffers
      case EMSGSIZE: .tooLong
      case ENETDOWN: .netDown
      case ENXIO, ENODEV: .gone
      default: .other(errno: number)
      }
  }
}
