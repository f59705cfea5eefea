public import MDL

/// Whether the medium is connected.
///
/// - Windows: NDIS_MEDIA_CONNECT_STATE, in this numbering (E-9)
public enum MediaConnectState: UInt32, Sendable {
  /// The driver does not say.
  case unknown = 0
  /// There is a carrier.
  case connected = 1
  /// There is none.
  case disconnected = 2
}

/// What the kernel last said of one network interface.
///
/// - Windows: NDIS_BIND_PARAMETERS (rule table 2.2)
/// - Source: RTM_NEWLINK, rtnetlink(7)
public struct AdapterAttributes: Hashable, Sendable {
  /// The interface index: the identity, also across a rename.
  public var interfaceIndex: Int32
  /// The interface name.
  public var name: InterfaceName
  /// Further names that it answers to (IFLA_ALT_IFNAME), in the kernel's order.
  public var alternativeNames: [InterfaceName] = []
  /// For people: IFLA_IFALIAS, else the kind of the link, else the name.
  public var description: String
  /// The driver as `ethtool -i` names it, empty if the kernel names none; nil until it was asked.
  public var driver: String?
  /// ARPHRD_…; only ARPHRD_ETHER (1) can be bound.
  public var hardwareType: UInt16
  /// Whether IFF_LOOPBACK is set: such an interface is refused although it may claim Ethernet.
  public var isLoopback: Bool
  /// The current unicast address.
  public var address: MACAddress
  /// Octets of payload, without the 14 of the header.
  public var mtu: UInt32
  /// Administratively up (IFF_UP): power D0.
  public var isUp: Bool
  /// The carrier.
  public var link: MediaConnectState

  /// What only OIDs ask for.
  public var details = LinkDetails()

  /// Makes a snapshot without details.
  public init(
    interfaceIndex: Int32, name: InterfaceName, description: String, hardwareType: UInt16,
    isLoopback: Bool, address: MACAddress, mtu: UInt32, isUp: Bool, link: MediaConnectState,
    driver: String? = nil
  ) {
    self.interfaceIndex = interfaceIndex
    self.name = name
    self.description = description
    self.hardwareType = hardwareType
    self.isLoopback = isLoopback
    self.address = address
    self.mtu = mtu
    self.isUp = isUp
    self.link = link
    self.driver = driver
  }

  /// Every name that it answers to, its own first; in a network namespace no two interfaces share one.
  public var names: [InterfaceName] { [name] + alternativeNames }

  /// Whether this is an Ethernet interface (rule B-5).
  public var isEthernet: Bool { hardwareType == 1 && !isLoopback }
}
