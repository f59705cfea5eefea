internal import CLinux
internal import Glibc
internal import NdisprotClient
internal import Platform

/// The veth form of an adapter, created by the process inside if there is no /dev/net/tun.
///
/// The program's end of the pair looks like the binding; the pump's end, `wire`, is in a separate
/// network namespace. Whatever is created before the second unshare belongs to that one.
/// ```
///   first namespace                second namespace
///     packet socket ─ wire ══════ np0 ─ program
/// ```
/// - Shape: `descriptors` is {packet socket, socket for ioctl, netlink for requests, netlink for news,
///   groups, netlink of the first namespace}
/// - Source: veth(4), packet(7)
struct VethAdapter {
  /// The index of the pump's end: the first namespace has only its loopback interface, 1, besides.
  static let wireIndex: UInt32 = 2
  /// The work that a veth pair would leave to a NIC: checksums and segmentation.
  private static let offloads: [UInt32] = [0x17, 0x1F, 0x24]  // ETHTOOL_STXCSUM, STSO, SGSO

  private let wire: PacketSocket
  private let wireRequests: NetlinkSocket
  private let control: ControlSocket
  private let requests: NetlinkSocket
  private let news: NetlinkSocket
  private let groups: GroupList

  /// Creates the second namespace, which the calling process enters, and the pair.
  ///
  /// - Parameters:
  ///   - plan: the properties of the adapter
  ///   - enterNamespace: called in the new namespace, before any interface but loopback exists
  /// - Throws: `AdapterError` with the step that failed
  init(_ plan: AdapterPlan, enterNamespace: () throws(AdapterError) -> Void) throws(AdapterError) {
    do throws(SystemError) {
      wire = try PacketSocket()
      wireRequests = try NetlinkSocket(hearsLinks: false)
    } catch {
      throw .step(.device, error)
    }
    let first = unsafe open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)
    guard first >= 0 else { throw .step(.namespaces, SystemError(failed: "open")) }
    defer { close(first) }
    guard clinux_unshare(Int32(CLINUX_NEW_NETWORK.rawValue)) == 0 else {
      throw .step(.namespaces, SystemError(failed: "unshare"))
    }
    try enterNamespace()
    do throws(SystemError) {
      control = try ControlSocket()
      requests = try NetlinkSocket(hearsLinks: false)
      try requests.perform(Self.pair(plan, peerNamespace: first), "RTM_NEWLINK")
      for command in Self.offloads { control.setOffloadOff(command, of: plan.name) }
      try wireRequests.setUp(1)
      try wireRequests.setUp(Self.wireIndex)
      try wire.bind(to: Self.wireIndex)
      try requests.setUp(1)
      try requests.setUp(plan.interfaceIndex)
      news = try NetlinkSocket(hearsLinks: true)
      // Of the second namespace, which the program is in.
      groups = GroupList()
    } catch {
      throw .step(.interface, error)
    }
  }

  private static func pair(_ plan: AdapterPlan, peerNamespace: Int32) -> NetlinkRequest {
    var link = NetlinkRequest(linkIndex: plan.interfaceIndex, isNew: true)
    link.append(UInt16(IFLA_IFNAME), plan.name.bytes + [0])
    link.append(UInt16(IFLA_ADDRESS), plan.address)
    link.append(UInt16(IFLA_MTU), number: plan.mtu)
    // struct ifinfomsg of the peer.
    var peer: [UInt8] = [0, 0, 0, 0]
    for word in [wireIndex, 0, 0] { peer.appendNative(word) }
    link.append(UInt16(IFLA_LINKINFO)) { information in
      information.append(1, text: "veth")  // IFLA_INFO_KIND
      information.append(2) { data in  // IFLA_INFO_DATA
        data.append(1, front: peer) { end in  // VETH_INFO_PEER
          end.append(UInt16(IFLA_IFNAME), text: "wire")
          end.append(UInt16(IFLA_NET_NS_FD), number: UInt32(bitPattern: peerNamespace))
          end.append(UInt16(IFLA_MTU), number: plan.mtu)
        }
      }
    }
    return link
  }

  var descriptors: [Int32] {
    [
      wire.descriptor, control.descriptor, requests.descriptor, news.descriptor,
      groups.descriptor, wireRequests.descriptor,
    ]
  }
}

extension ControlSocket {
  /// Turns an offload of an interface off; one that it does not support is off already.
  func setOffloadOff(_ command: UInt32, of name: InterfaceName) {
    _ = unsafe clinux_set_offload_off(
      descriptor, name.bytes.map { CChar(bitPattern: $0) } + [0], command)
  }
}
