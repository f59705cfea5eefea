public import MDL
public import NDIS

/// One rule of the access policy: its users, interfaces, frames, rights and quotas.
public struct AccessRule: Hashable, Sendable {
  /// The users that a rule applies to.
  public enum Subject: Hashable, Sendable {
    /// A user, by number.
    case user(UInt32)
    /// Every user that has this group, as the primary or as a supplementary one.
    case group(UInt32)
    /// Every user.
    case everybody
    /// A user or group that does not exist, or was not looked up yet: matches no client.
    case nobody
  }

  /// The name given in the configuration.
  public var name: String
  /// Where it is written: `ndisprotd.toml:12`.
  public var origin: String
  /// The users it applies to.
  public var subject: Subject
  /// The interfaces it applies to.
  public var interface: InterfaceMatch
  /// The EtherTypes it applies to; `any` is any but 0x8808.
  public var etherTypes: EtherTypeSet
  /// The VLANs it applies to.
  public var vlans: VLANSet
  /// The rights it grants; an empty set forbids.
  public var rights: AccessRights
  /// Source addresses it allows for sending, besides the interface's own.
  public var sources: [MACAddress] = []
  /// Destinations it allows for sending; empty allows every one.
  public var destinations: [MACAddress] = []
  /// How fast its users may send; nil is no limit.
  public var rate: RateLimit?
  /// How much its users may have at once.
  public var quota: AccessQuota

  /// Makes a rule.
  public init(
    name: String, origin: String, subject: Subject, interface: InterfaceMatch,
    etherTypes: EtherTypeSet, vlans: VLANSet = .untagged, rights: AccessRights,
    rate: RateLimit? = nil, quota: AccessQuota = AccessQuota()
  ) {
    self.name = name
    self.origin = origin
    self.subject = subject
    self.interface = interface
    self.etherTypes = etherTypes
    self.vlans = vlans
    self.rights = rights
    self.rate = rate
    self.quota = quota
  }

  /// Root may do everything, always.
  static let root = AccessRule(
    name: "root", origin: "built in", subject: .user(0),
    interface: InterfaceMatch(name: .like("*")),
    etherTypes: EtherTypeSet([EtherTypeSet.anyValue]), vlans: .any, rights: .all)

  /// Whether it decides about frames of this EtherType in this VLAN.
  ///
  /// The type is a type field, or `EtherTypeSet.anyValue` for types that no rule names; the VLAN a
  /// number as in `VLANSet`.
  func decides(_ etherType: UInt16, _ vlan: UInt16) -> Bool {
    let isOfType =
      etherType == EtherTypeSet.anyValue ? etherTypes.isAny : etherTypes.matches(etherType)
    return isOfType && vlans.contains(vlan)
  }
}

/// How fast the opens of one user may send under one rule, on one interface, all together.
public struct RateLimit: Hashable, Sendable {
  /// Frames per second; nil is no limit.
  public var framesPerSecond: UInt64?
  /// Bytes per second, headers included; nil is no limit.
  public var bytesPerSecond: UInt64?

  /// Makes a limit.
  public init(framesPerSecond: UInt64? = nil, bytesPerSecond: UInt64? = nil) {
    self.framesPerSecond = framesPerSecond
    self.bytesPerSecond = bytesPerSecond
  }
}

/// How much one user may have at once under one rule; nil leaves the daemon's own limit.
public struct AccessQuota: Hashable, Sendable {
  /// Connections; of several rules for a user the largest number counts.
  public var sessions: Int?
  /// Opens.
  public var opens: Int?
  /// Reads and writes that are not answered yet.
  public var requests: Int?
  /// Bytes of all receive windows.
  public var queueByteCount: Int?

  /// Makes a quota.
  public init(
    sessions: Int? = nil, opens: Int? = nil, requests: Int? = nil, queueByteCount: Int? = nil
  ) {
    self.sessions = sessions
    self.opens = opens
    self.requests = requests
    self.queueByteCount = queueByteCount
  }
}
