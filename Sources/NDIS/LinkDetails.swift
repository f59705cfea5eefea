public import MDL

/// What the kernel reported about an interface beyond what a binding needs.
///
/// - Source: RTM_NEWLINK, `<linux/if_link.h>`
public struct LinkDetails: Hashable, Sendable {
  /// The permanent address (IFLA_PERM_ADDRESS); nil if the driver has none, as with veth.
  public var permanentAddress: MACAddress?
  /// The administrator's name for it (IFLA_IFALIAS).
  public var alias: String?
  /// The kind of a virtual interface: `veth`, `bridge` (IFLA_INFO_KIND).
  public var kind: String?
  /// Whether it is a Wi-Fi adapter; queried together with the driver's name.
  public var isWireless = false
  /// Whether libpcap can capture from it under one of its names; queried with the driver's name.
  public var isCapturable = true
  /// IF_OPER_… of RFC 2863, in the kernel's numbering (IFLA_OPERSTATE).
  public var operationalState: UInt8 = 0
  /// Capacity of the interface's own queue, in frames (IFLA_TXQLEN).
  public var transmitQueueLength: UInt32 = 0
  /// How many requests for promiscuous mode are active (IFLA_PROMISCUITY).
  public var promiscuity: UInt32 = 0
  /// The bridge, bond or other interface that this one is a port of (IFLA_MASTER); 0 if it is no
  /// port.
  public var masterIndex: Int32 = 0
  /// The VLAN of an interface of kind vlan (IFLA_VLAN_ID).
  public var vlanID: UInt16 = 0

  /// Creates the details before the kernel has reported any.
  public init() {}
}
