public import MDL

/// What the kernel said of an interface beside what a binding lives by.
///
/// - Source: RTM_NEWLINK, `<linux/if_link.h>`
public struct LinkDetails: Hashable, Sendable {
  /// The maker's address (IFLA_PERM_ADDRESS); nil if the driver has none, as veth.
  public var permanentAddress: MACAddress?
  /// What the administrator calls it (IFLA_IFALIAS).
  public var alias: String?
  /// What made it, if it was no card: `veth`, `bridge` (IFLA_INFO_KIND).
  public var kind: String?
  /// Whether it is a Wi-Fi adapter; nobody tells, it is asked with the driver's name.
  public var isWireless = false
  /// Whether it can be captured from under one of its names; asked with the driver's name.
  public var isCapturable = true
  /// IF_OPER_… of RFC 2863, in the kernel's numbering (IFLA_OPERSTATE).
  public var operationalState: UInt8 = 0
  /// Frames that the interface's own queue holds (IFLA_TXQLEN).
  public var transmitQueueLength: UInt32 = 0
  /// How many asked for promiscuous mode (IFLA_PROMISCUITY).
  public var promiscuity: UInt32 = 0
  /// The bridge, bond or other that the interface is a port of (IFLA_MASTER); 0 if it is none's.
  public var masterIndex: Int32 = 0
  /// The VLAN of an interface of kind vlan (IFLA_VLAN_ID).
  public var vlanID: UInt16 = 0

  /// Makes what is known before the kernel said anything.
  public init() {}
}
