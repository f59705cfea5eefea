internal import MDL
public import NDIS

/// The policy as it applies to one open: compiled at OPEN and at reload, consulted for every frame.
///
/// Where one rule decides about all frames of the open, that takes two comparisons; otherwise the
/// rules are tried in order.
public struct AccessGrant: Hashable, Sendable {
  private enum Scope: Hashable, Sendable {
    /// The first rule decides about every frame of the open's EtherTypes.
    case everything
    /// The same for frames without a VLAN; all others are denied.
    case untagged
    /// The rules are tried in order.
    case table
  }

  /// The rules that can decide about a frame of the open, in order.
  public let rules: [AccessRule]
  /// The rights that the open has for at least some of its frames, or for its OIDs.
  public let rights: AccessRights
  private let scope: Scope
  /// Whether a rule names addresses: then each frame is judged by itself.
  let namesAddresses: Bool

  /// Compiles the rules of a client on an interface for an open of these EtherTypes.
  init(_ rules: [AccessRule], for etherTypes: EtherTypeSet) {
    self.rules = rules.deciders(for: etherTypes)
    rights = self.rules.reduce([]) { $0.union($1.rights) }
    namesAddresses = self.rules.contains { !$0.sources.isEmpty || !$0.destinations.isEmpty }
    if self.rules.count == 1, !etherTypes.isEmpty, self.rules[0].covers(etherTypes),
      self.rules[0].vlans.isAny || self.rules[0].vlans == .untagged
    {
      scope = self.rules[0].vlans.isAny ? .everything : .untagged
    } else {
      scope = .table
    }
  }

  /// The rights on a frame, given its type behind one 0x8100 tag and the number in that tag.
  @inline(__always)
  func rights(_ etherType: UInt16, vlan: UInt16) -> AccessRights {
    switch decider(etherType, vlan) {
    case .nobody: []
    // Where one rule decides, its rights are those of the open: no rule is consulted for a frame.
    case .onlyRule: rights
    case .rule(let index): rules[index].rights
    }
  }

  /// Which of `rules` decides about a frame; nil if none does.
  func decidingRule(_ etherType: UInt16, vlan: UInt16) -> Int? {
    switch decider(etherType, vlan) {
    case .nobody: nil
    case .onlyRule: 0
    case .rule(let index): index
    }
  }

  private enum Decider {
    case nobody
    case onlyRule
    case rule(Int)
  }

  @inline(__always)
  private func decider(_ etherType: UInt16, _ vlan: UInt16) -> Decider {
    if etherType == AccessPolicy.macControl { return .nobody }
    if scope == .everything { return .onlyRule }
    let vlan = TagProtocol.isTag(etherType) ? VLANSet.unknown : vlan
    if scope == .untagged { return vlan == VLANSet.none ? .onlyRule : .nobody }
    for index in rules.indices where rules[index].decides(etherType, vlan) { return .rule(index) }
    return .nobody
  }

  /// Whether the rule that decides about a frame names its source.
  func namesSource(_ header: EthernetHeader) -> Bool {
    rule(for: header)?.sources.contains(header.source) ?? false
  }

  /// Whether the rule that decides about a frame allows its destination.
  func allowsDestination(_ header: EthernetHeader) -> Bool {
    guard let rule = rule(for: header), !rule.destinations.isEmpty else { return true }
    return rule.destinations.contains(header.destination)
  }

  private func rule(for header: EthernetHeader) -> AccessRule? {
    decidingRule(header.decidingType, vlan: header.decidingVLAN).map { rules[$0] }
  }

  /// Whether a rule limits how fast frames are sent.
  var isRateLimited: Bool { rules.contains { $0.rate != nil } }

  /// Everything: used only by tests of the driver.
  static let everything = AccessGrant([.root], for: EtherTypeSet([EtherTypeSet.anyValue]))
}

extension AccessRule {
  /// Whether it applies to all of these EtherTypes.
  fileprivate func covers(_ wanted: EtherTypeSet) -> Bool {
    if etherTypes.isAny { return true }
    return !wanted.isAny && wanted.values.allSatisfy(etherTypes.values.contains)
  }
}

extension [AccessRule] {
  /// The rules that decide about some frame of these EtherTypes; the rest are never reached.
  ///
  /// An empty set, which moves no frames, selects every rule that decides about anything.
  fileprivate func deciders(for etherTypes: EtherTypeSet) -> [AccessRule] {
    let isAll = etherTypes.isAny || etherTypes.isEmpty
    var deciders: [AccessRule] = []
    for rule in self {
      let types = isAll ? rule.etherTypes.wireValues : etherTypes.values
      let vlans = rule.vlans.isAny ? [VLANSet.unknown] : rule.vlans.values
      let isNeeded = types.contains { type in
        vlans.contains { vlan in
          rule.decides(type, vlan) && !deciders.contains { $0.decides(type, vlan) }
        }
      }
      if isNeeded { deciders.append(rule) }
    }
    return deciders
  }
}
