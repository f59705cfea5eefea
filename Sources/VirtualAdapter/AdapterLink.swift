internal import CLinux
internal import NdisprotClient
internal import Platform

/// The adapter as an interface of the namespace, changed and watched from outside of it.
///
/// The user who made the namespace owns it, so the kernel takes requests on these sockets without a
/// capability.
///
/// - Thread: the pump's
final class AdapterLink {
  private let interfaceIndex: UInt32
  private let requests: NetlinkSocket
  private let news: NetlinkSocket
  private let control: ControlSocket
  private let groupList: GroupList

  /// Takes over the sockets that the process inside has made.
  init(interfaceIndex: UInt32, control: Int32, requests: Int32, news: Int32, groups: Int32) {
    self.interfaceIndex = interfaceIndex
    self.control = ControlSocket(owning: control)
    self.requests = NetlinkSocket(owning: requests)
    self.news = NetlinkSocket(owning: news)
    groupList = GroupList(owning: groups)
  }

  /// Readable when there is news.
  var newsDescriptor: Int32 { news.descriptor }

  /// What happened to the adapter since the last call; with a namespace of many interfaces, to it alone.
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

  /// Gives it an address; it may be up.
  func setAddress(_ address: MACAddress) throws(SystemError) {
    try change { $0.append(UInt16(IFLA_ADDRESS), address) }
  }

  /// Gives it an MTU.
  func setMTU(_ mtu: UInt32) throws(SystemError) {
    try change { $0.append(UInt16(IFLA_MTU), number: mtu) }
  }

  /// Gives it a name.
  func setName(_ name: InterfaceName) throws(SystemError) {
    try change { $0.append(UInt16(IFLA_IFNAME), name.bytes + [0]) }
  }

  private func change(_ build: (inout NetlinkRequest) -> Void) throws(SystemError) {
    var request = NetlinkRequest(linkIndex: interfaceIndex)
    build(&request)
    try requests.perform(request, "RTM_NEWLINK")
  }
}
