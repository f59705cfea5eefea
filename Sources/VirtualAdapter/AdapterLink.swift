internal import CLinux
internal import NdisprotClient
internal import Platform

/// The adapter as an interface of the namespace, changed and watched from outside.
///
/// The user that created the namespace owns it, so the kernel accepts requests on these sockets
/// without a capability.
///
/// - Thread: the pump's
final class AdapterLink {
  private let interfaceIndex: UInt32
  private let requests: NetlinkSocket
  private let news: NetlinkSocket
  private let control: ControlSocket
  private let groupList: GroupList

  /// Takes ownership of the sockets that the process inside has created.
  init(interfaceIndex: UInt32, control: Int32, requests: Int32, news: Int32, groups: Int32) {
    self.interfaceIndex = interfaceIndex
    self.control = ControlSocket(owning: control)
    self.requests = NetlinkSocket(owning: requests)
    self.news = NetlinkSocket(owning: news)
    groupList = GroupList(owning: groups)
  }

  /// Readable when the adapter has changed.
  var newsDescriptor: Int32 { news.descriptor }

  /// The changes of the adapter since the last call, ignoring other interfaces of the namespace.
  func takeNews() -> [LinkNews] {
    var all: [LinkNews] = []
    while true {
      let datagram = news.receive()
      if datagram.isEmpty { return all }
      all += LinkNews.all(in: datagram).filter { $0.interfaceIndex == interfaceIndex }
    }
  }

  /// The groups that the program has joined.
  var groups: [MACAddress] { groupList.groups(of: interfaceIndex) }

  /// Sets its address; the adapter may be up.
  func setAddress(_ address: MACAddress) throws(SystemError) {
    try change { $0.append(UInt16(IFLA_ADDRESS), address) }
  }

  /// Sets its MTU.
  func setMTU(_ mtu: UInt32) throws(SystemError) {
    try change { $0.append(UInt16(IFLA_MTU), number: mtu) }
  }

  /// Sets its name.
  func setName(_ name: InterfaceName) throws(SystemError) {
    try change { $0.append(UInt16(IFLA_IFNAME), name.bytes + [0]) }
  }

  private func change(_ build: (inout NetlinkRequest) -> Void) throws(SystemError) {
    var request = NetlinkRequest(linkIndex: interfaceIndex)
    build(&request)
    try requests.perform(request, "RTM_NEWLINK")
  }
}
