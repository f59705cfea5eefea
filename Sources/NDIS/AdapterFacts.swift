public import MDL

/// Facts about an adapter that have to be queried: the kernel does not report them by itself.
public struct AdapterFacts: Hashable, Sendable {
  /// The kinds of facts, each with its own source.
  public struct Kinds: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt8
    /// Wraps any bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Speed and mode: from the NIC's driver.
    public static let link = Kinds(rawValue: 1)
    /// The interface's counters: from the kernel.
    public static let statistics = Kinds(rawValue: 2)
    /// The binding's counters: from its thread.
    public static let traffic = Kinds(rawValue: 4)
  }

  /// Speed and mode.
  public var link = LinkSettings()
  /// The interface's counters.
  public var statistics = InterfaceStatistics()
  /// The binding's counters.
  public var traffic = BindingTraffic()

  /// Creates unknown facts.
  public init() {}
}

/// What never changes about an adapter and is not reported by rtnetlink.
public struct AdapterIdentity: Hashable, Sendable {
  /// The driver as `ethtool -i` shows it; empty if the kernel names none.
  public var driver: String
  /// Whether it is a Wi-Fi adapter.
  public var isWireless: Bool

  /// Whether libpcap can capture from it under one of its names.
  public var isCapturable: Bool

  /// Makes an identity.
  public init(driver: String = "", isWireless: Bool = false, isCapturable: Bool = true) {
    self.driver = driver
    self.isWireless = isWireless
    self.isCapturable = isCapturable
  }
}

/// What the daemon needs from the NIC's receive filter, for one binding.
///
/// - Windows: what NDIS computes from all bindings' packet filters and multicast lists
public struct MembershipSet: Hashable, Sendable {
  /// Every frame on the wire.
  public var isPromiscuous = false
  /// Frames to every multicast group.
  public var hearsAllGroups = false
  /// Frames to these groups.
  public var groups: Set<MACAddress> = []

  /// Creates a set without memberships.
  public init() {}

  /// Whether it has no memberships.
  public var isEmpty: Bool { self == MembershipSet() }
}
