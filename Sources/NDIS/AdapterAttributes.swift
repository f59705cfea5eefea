public import MDL

/// Whether the medium is connected.
///
/// - Windows: NDIS_MEDIA_CONNECT_STATE, in this numbering (E-9)
public enum MediaConnectState: UInt32, Sendable {
  /// The driver does not report it.
  case unknown = 0
  /// Carrier present.
  case connected = 1
  /// No carrier.
  case disconnected = 2
}

/// What the kernel last reported about one network interface.
///
/// - Windows: NDIS_BIND_PARAMETERS (rule table 2.2)
/// - Source: RTM_NEWLINK, rtnetlink(7)
public struct AdapterAttributes: Hashable, Sendable {
  /// The interface index: identifies the interface across renames.
  public var interfaceIndex: Int32
  /// The interface name.
  public var name: InterfaceName
  /// Alternative names (IFLA_ALT_IFNAME), in the kernel's order.
  public var alternativeNames: [InterfaceName] = []
  /// For people: IFLA_IFALIAS, else the kind of the link, else the name.
  public var description: String
  /// The driver as `ethtool -i` shows it, empty if the kernel names none; nil until it is queried.
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

  /// Details that only OIDs need.
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

  /// Every name of the interface, its own first; they are unique within a network namespace.
  public var names: [InterfaceName] { [name] + alternativeNames }

  /// Whether this is an Ethernet interface (rule B-5).
  public var isEthernet: Bool { hardwareType == 1 && !isLoopback }
}
