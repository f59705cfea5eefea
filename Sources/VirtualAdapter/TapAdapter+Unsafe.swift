internal import CLinux
internal import Glibc
internal import NdisprotClient
internal import Platform

/// The TAP form of an adapter, created by the process inside.
///
/// - Shape: `descriptors` is {device, socket for ioctl, netlink for requests, netlink for news, groups}
struct TapAdapter {
  /// How many frames the device holds until the pump has read them.
  private static let queueLength: UInt32 = 4_096

  private let device: TapDevice
  private let control: ControlSocket
  private let requests: NetlinkSocket
  private let news: NetlinkSocket
  private let groups = GroupList()

  init(_ plan: AdapterPlan) throws(AdapterError) {
    device = try TapDevice(plan)
    do throws(SystemError) {
      control = try ControlSocket()
      requests = try NetlinkSocket(hearsLinks: false)
      var link = NetlinkRequest(linkIndex: plan.interfaceIndex)
      link.append(UInt16(IFLA_ADDRESS), plan.address)
      link.append(UInt16(IFLA_MTU), number: plan.mtu)
      link.append(UInt16(IFLA_TXQLEN), number: Self.queueLength)
      try requests.perform(link, "RTM_NEWLINK")
      // With a queue of its own the device would silently lose frames that do not fit; this way it
      // returns ENOBUFS.
      try requests.perform(
        NetlinkRequest(queueOf: plan.interfaceIndex, kind: "noqueue"), "RTM_NEWQDISC")
      if plan.speed > 0 { control.setSpeed(plan.speed, of: plan.name) }
      // Otherwise the kernel would not notice a carrier, and report its state as unknown.
      device.setCarrier(false)
      device.setCarrier(true)
      try requests.setUp(1)
      try requests.setUp(plan.interfaceIndex)
      news = try NetlinkSocket(hearsLinks: true)
    } catch {
      throw .step(.interface, error)
    }
  }

  var descriptors: [Int32] {
    [
      device.descriptor, control.descriptor, requests.descriptor, news.descriptor,
      groups.descriptor,
    ]
  }
}

extension NetlinkSocket {
  /// Sets an interface up.
  func setUp(_ interfaceIndex: UInt32) throws(SystemError) {
    let up: UInt32 = 1  // IFF_UP
    try perform(NetlinkRequest(linkIndex: interfaceIndex, flags: up, change: up), "RTM_NEWLINK")
  }
}

/// A socket of the namespace for requests without an rtnetlink form.
///
/// - Ownership: closes the descriptor at the end
final class ControlSocket {
  let descriptor: Int32

  init() throws(SystemError) {
    let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
    descriptor = socket(AF_INET, type, 0)
    guard descriptor >= 0 else { throw SystemError(failed: "socket") }
  }

  init(owning descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Sets the speed; best effort, because it is only displayed.
  func setSpeed(_ megabits: UInt32, of name: InterfaceName) {
    _ = unsafe clinux_set_link_speed(
      descriptor, name.bytes.map { CChar(bitPattern: $0) } + [0], megabits)
  }
}
