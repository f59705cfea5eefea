internal import CLinux
internal import Glibc
internal import NDIS
internal import NdisprotClient
internal import Platform

/// A packet socket on the pump's end of a veth pair.
///
/// - Thread: one at a time
/// - Ownership: closes the descriptor at the end
/// - Source: packet(7)
final class PacketSocket {
  let descriptor: Int32

  /// Creates one in the namespace of the calling thread; it receives nothing yet.
  init() throws(SystemError) {
    let type = Int32(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    descriptor = socket(AF_PACKET, type, 0)
    guard descriptor >= 0 else { throw SystemError(failed: "socket") }
  }

  init(owning descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Receives the frames of an interface from now on, except those that it sends itself.
  func bind(to interfaceIndex: UInt32) throws(SystemError) {
    guard clinux_bind_wire(descriptor, interfaceIndex) == 0 else {
      throw SystemError(failed: "bind")
    }
  }
}

/// A veth pair, seen from the pump's end.
///
/// - Thread: the pump's
final class VethDevice: AdapterDevice {
  private let wire: PacketSocket
  private let requests: NetlinkSocket
  private var isUp = true

  /// Takes ownership of the sockets that the process inside has created.
  init(wire: Int32, requests: Int32) {
    self.wire = PacketSocket(owning: wire)
    self.requests = NetlinkSocket(owning: requests)
  }

  var descriptor: Int32 { wire.descriptor }

  func write(_ frame: RawSpan) -> Int32 {
    unsafe frame.withUnsafeBytes { bytes in
      while unsafe send(descriptor, bytes.baseAddress, bytes.count, 0) < 0 {
        if errno != EINTR { return errno }
      }
      return 0
    }
  }

  func read(into room: inout MutableRawSpan) -> Int {
    unsafe room.withUnsafeMutableBytes { bytes in
      while true {
        let count = unsafe clinux_receive_tagged(descriptor, bytes.baseAddress, bytes.count)
        if count >= 0 { return count }
        switch errno {
        // The pair was down for a moment, which the socket reports once.
        case EINTR, ENETDOWN: continue
        case EAGAIN: return 0
        default: return -Int(errno)
        }
      }
    }
  }

  /// The program's end has a carrier while this end is up.
  func setCarrier(_ isOn: Bool) {
    guard isOn != isUp else { return }
    isUp = isOn
    let up: UInt32 = 1  // IFF_UP
    try? requests.perform(
      NetlinkRequest(linkIndex: VethAdapter.wireIndex, flags: isOn ? up : 0, change: up),
      "RTM_NEWLINK")
  }

  func setMTU(_ mtu: UInt32) {
    var request = NetlinkRequest(linkIndex: VethAdapter.wireIndex)
    request.append(UInt16(IFLA_MTU), number: mtu)
    try? requests.perform(request, "RTM_NEWLINK")
  }

  func takeLosses() -> UInt64 { UInt64(clinux_packet_drops(descriptor)) }
}
