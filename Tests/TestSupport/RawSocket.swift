import CLinux
import Glibc
public import MDL

/// A plain packet socket: the independent peer on the other end of the wire.
///
/// - Thread: one at a time
/// - Source: packet(7)
public final class RawSocket: @unchecked Sendable {
  // @unchecked: a descriptor and nothing else.
  private let descriptor: Int32

  /// Opens a socket on an interface; with `receives` it sees all that arrives there.
  public init(_ interface: String, receives: Bool = false) throws {
    let anyProtocol = UInt16(ETH_P_ALL).bigEndian
    descriptor = socket(AF_PACKET, Int32(SOCK_RAW.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(errno: errno) }
    var one: Int32 = 1
    setsockopt(descriptor, SOL_PACKET, PACKET_AUXDATA, &one, 4)
    setsockopt(descriptor, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, 4)
    var receiveByteCount: Int32 = 4 << 20
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveByteCount, 4)
    var address = sockaddr_ll()
    address.sll_family = UInt16(AF_PACKET)
    address.sll_protocol = receives ? anyProtocol : 0
    address.sll_ifindex = Int32(bitPattern: if_nametoindex(interface))
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_ll>.size))
      }
    }
    guard result == 0 else { throw Failure(errno: errno) }
  }

  deinit { close(descriptor) }

  /// A call that failed.
  public struct Failure: Error {
    /// Its errno.
    public let errno: Int32
  }

  /// Sends one frame.
  public func send(_ frame: [UInt8]) throws {
    guard Glibc.send(descriptor, frame, frame.count, 0) == frame.count else {
      throw Failure(errno: errno)
    }
  }

  /// Sends one frame that lies in pieces.
  public func send(_ frame: MDLChain) throws {
    let count = frame.withUnsafeIOVectors { writev(descriptor, $0.baseAddress, Int32($0.count)) }
    guard count == frame.byteCount else { throw Failure(errno: errno) }
  }

  /// Sends frames as fast as they go.
  public func send(_ frames: [[UInt8]]) throws {
    for frame in frames { try send(frame) }
  }

  /// The next frame that arrived, its tag where it was on the wire; nil after the time is over.
  public func receive(timeoutMilliseconds: Int32 = Patience.milliseconds) -> [UInt8]? {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&waiting, 1, timeoutMilliseconds) == 1 else { return nil }
    var frame = [UInt8](repeating: 0, count: 65_536)
    var control = [UInt8](repeating: 0, count: 256)
    let (count, tag) = frame.withUnsafeMutableBytes { bytes in
      control.withUnsafeMutableBytes { controlBytes in
        var vector = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
        return withUnsafeMutablePointer(to: &vector) { vectorPointer -> (Int, [UInt8]?) in
          var message = msghdr()
          message.msg_iov = vectorPointer
          message.msg_iovlen = 1
          message.msg_control = controlBytes.baseAddress
          message.msg_controllen = controlBytes.count
          let count = recvmsg(descriptor, &message, 0)
          return (count, Self.tag(&message))
        }
      }
    }
    guard count > 0 else { return nil }
    let whole = Array(frame[..<count])
    guard let tag, count >= 12 else { return whole }
    return Array(whole[..<12]) + tag + Array(whole[12...])
  }

  /// All frames that arrive until so many came or nothing came for a while.
  public func receive(count: Int, timeoutMilliseconds: Int32 = Patience.milliseconds) -> [[UInt8]] {
    var frames: [[UInt8]] = []
    while frames.count < count, let frame = receive(timeoutMilliseconds: timeoutMilliseconds) {
      frames.append(frame)
    }
    return frames
  }

  /// The tag that the kernel took off, as four bytes of the frame.
  private static func tag(_ message: inout msghdr) -> [UInt8]? {
    guard let header = clinux_cmsg_first(&message), header.pointee.cmsg_type == PACKET_AUXDATA,
      let data = clinux_cmsg_data(header)
    else { return nil }
    let auxiliary = UnsafeRawPointer(data).loadUnaligned(as: tpacket_auxdata.self)
    guard auxiliary.tp_status & UInt32(TP_STATUS_VLAN_VALID) != 0 else { return nil }
    let (type, control) = (auxiliary.tp_vlan_tpid, auxiliary.tp_vlan_tci)
    return [type, control].flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
  }
}
