/// The events of a binding that a client can subscribe to.
///
/// The raw value is part of the control channel's protocol; numbers are never reused.
///
/// - Windows: NET_PNP_EVENT and NDIS_STATUS_INDICATION, as far as they apply here
/// - Source: D-6, `Ndisprot.docc/Rules.md` sections 2.5–2.7
public enum EventKind: UInt32, Sendable, CaseIterable {
  /// An interface is bound.
  case bindingAdded = 1
  /// A binding is gone, with everything that was pended on it.
  case bindingRemoved = 2
  /// The carrier appeared or disappeared.
  case linkState = 3
  /// The interface was set up or down.
  case powerState = 4
  /// The interface's address changed.
  case address = 5
  /// The interface's MTU changed.
  case mtu = 6
  /// The interface was renamed.
  case name = 7
  /// An administrator paused or restarted the binding.
  case bindingState = 8
  /// The daemon stops: every request completes, and the session ends.
  case shutdown = 9

  /// The name printed by `ndisprotctl watch`.
  public var name: String {
    switch self {
    case .bindingAdded: "bindingAdded"
    case .bindingRemoved: "bindingRemoved"
    case .linkState: "linkState"
    case .powerState: "powerState"
    case .address: "address"
    case .mtu: "mtu"
    case .name: "name"
    case .bindingState: "bindingState"
    case .shutdown: "shutdown"
    }
  }

  /// Whether only the last of several events matters: those are merged into one.
  ///
  /// The carrier and the power are edges: a short interruption matters.
  public var isLevel: Bool {
    switch self {
    case .address, .mtu, .name: true
    case .bindingAdded, .bindingRemoved, .linkState, .powerState, .bindingState, .shutdown: false
    }
  }
}

/// Some kinds of events.
///
/// - Shape: bit n is the kind of raw value n
public struct EventKindSet: OptionSet, Hashable, Sendable {
  /// The bits.
  public let rawValue: UInt32
  /// Wraps any bits.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Creates a set of one kind.
  public init(_ kind: EventKind) { self.init(rawValue: 1 << kind.rawValue) }

  /// All defined kinds.
  public static let all = EventKindSet(EventKind.allCases.map(EventKindSet.init))

  /// Whether a kind is in the set.
  public func contains(_ kind: EventKind) -> Bool { contains(EventKindSet(kind)) }
}

extension AdapterAttributes {
  /// The events when these attributes replace `former`, in the order of the kinds.
  public func changes(since former: AdapterAttributes) -> [EventKind] {
    var kinds: [EventKind] = []
    if link != former.link { kinds.append(.linkState) }
    if isUp != former.isUp { kinds.append(.powerState) }
    if address != former.address { kinds.append(.address) }
    if mtu != former.mtu { kinds.append(.mtu) }
    if name != former.name { kinds.append(.name) }
    return kinds
  }
}
