public import MDL

/// What an adapter is asked for when somebody wants to know: nothing of it is told by itself.
public struct AdapterFacts: Hashable, Sendable {
  /// The kinds of facts, each with a source of its own.
  public struct Kinds: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt8
    /// Wraps any bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Speed and mode: the card's driver.
    public static let link = Kinds(rawValue: 1)
    /// What the interface has counted: the kernel.
    public static let statistics = Kinds(rawValue: 2)
    /// What the binding has counted: its thread.
    public static let traffic = Kinds(rawValue: 4)
  }

  /// Speed and mode.
  public var link = LinkSettings()
  /// What the interface has counted.
  public var statistics = InterfaceStatistics()
  /// What the binding has counted.
  public var traffic = BindingTraffic()

  /// Makes facts of which none is known.
  public init() {}
}

/// What never changes of an adapter, and rtnetlink does not say.
public struct AdapterIdentity: Hashable, Sendable {
  /// The driver as `ethtool -i` names it; empty if the kernel names none.
  public var driver: String
  /// Whether it is a Wi-Fi adapter.
  public var isWireless: Bool

  /// Whether it can be captured from under one of its names.
  public var isCapturable: Bool

  /// Makes an identity.
  public init(driver: String = "", isWireless: Bool = false, isCapturable: Bool = true) {
    self.driver = driver
    self.isWireless = isWireless
    self.isCapturable = isCapturable
  }
}

/// What the daemon wants of the card's own receive filter, for one binding.
///
/// - Windows: what NDIS makes of all bindings' packet filters and multicast lists
public struct MembershipSet: Hashable, Sendable {
  /// Every frame on the wire.
  public var isPromiscuous = false
  /// Frames to every group.
  public var hearsAllGroups = false
  /// Frames to these groups.
  public var groups: Set<MACAddress> = []

  /// Makes a set that wants nothing.
  public init() {}

  /// Whether it wants nothing.
  public var isEmpty: Bool { self == MembershipSet() }
}
