public import NDIS

// From the policy to one open: its rights, or the reason for a refusal.

extension AccessPolicy {
  /// Judges an open, and compiles what it may do.
  ///
  /// Every EtherType it names must be readable or writable in some VLAN, and it must have the right
  /// to every property it asks for on each of them: it gets what it asked for, or a reason.
  ///
  /// - Parameters:
  ///   - options: what was asked for; without the right `exclusive`, `OPEN_DEVICE` becomes shared
  ///   - isDevice: whether it is the sample's OPEN_DEVICE
  ///   - client: the client that asks
  ///   - attributes: of the interface
  /// - Returns: the rights of the open
  /// - Throws: the rule that refuses, or `.noRule…` if no rule applies
  public func grant(
    _ options: inout OpenOptions, isDevice: Bool, to client: Credentials,
    on attributes: AdapterAttributes
  ) throws(AccessRefusal) -> AccessGrant {
    let rules = rules(for: client, on: attributes)
    guard rules.contains(where: { !$0.rights.isEmpty }) else { throw .noRule }
    let types = options.etherTypes.wireValues
    var wanted: [AccessRights] = [[.read, .write]]
    if options.flags.contains(.anySource) { wanted.append(.anySource) }
    if options.flags.contains(.outgoing) { wanted.append(.allFrames) }
    if options.flags.priority > 0 { wanted.append(.priority) }
    for type in types {
      for right in wanted { try rules.check(type, anyOf: right) }
    }
    if options.mode == .exclusive {
      do throws(AccessRefusal) {
        for type in types { try rules.check(type, anyOf: .exclusive) }
      } catch {
        guard isDevice else { throw error }
        options.mode = .shared
      }
    }
    return AccessGrant(rules, for: options.etherTypes)
  }

  /// What is left of an open under this policy; nil if nothing is left and it must be closed.
  public func regrant(
    _ options: OpenOptions, of client: Credentials, on attributes: AdapterAttributes
  ) -> AccessGrant? {
    let rules = rules(for: client, on: attributes)
    let isUsable =
      options.etherTypes.isEmpty
      ? rules.contains { !$0.rights.isEmpty }
      : options.etherTypes.wireValues.contains { type in
        (try? rules.check(type, anyOf: [.read, .write])) != nil
      }
    return isUsable ? AccessGrant(rules, for: options.etherTypes) : nil
  }

  /// Whether a right covers every EtherType of an open.
  func permits(
    _ right: AccessRights, _ etherTypes: EtherTypeSet, to client: Credentials,
    on attributes: AdapterAttributes
  ) -> Bool {
    let rules = rules(for: client, on: attributes)
    return etherTypes.wireValues.allSatisfy { (try? rules.check($0, anyOf: right)) != nil }
  }

  /// One row of what the policy says about an EtherType.
  public struct Explanation: Hashable, Sendable {
    /// The VLAN: 0 is untagged, 0xFFFF every VLAN that no rule names.
    public let vlan: UInt16
    /// The rule that decides; nil if none does.
    public let rule: AccessRule?
  }

  /// What decides about an EtherType, in each VLAN that a rule names and in the others.
  public func explain(
    _ client: Credentials, on attributes: AdapterAttributes, _ etherType: UInt16
  ) -> [Explanation] {
    guard etherType != AccessPolicy.macControl else {
      return [Explanation(vlan: VLANSet.none, rule: nil)]
    }
    let rules = rules(for: client, on: attributes)
    return rules.vlans.map { vlan in
      Explanation(vlan: vlan, rule: rules.first { $0.decides(etherType, vlan) })
    }
  }
}

extension [AccessRule] {
  /// Every VLAN that makes a difference: untagged, those that are named, and all others as one.
  fileprivate var vlans: [UInt16] {
    Set(flatMap(\.vlans.values) + [VLANSet.none, VLANSet.unknown]).sorted()
  }

  /// Checks that frames of an EtherType have one of these rights in some VLAN.
  fileprivate func check(
    _ etherType: UInt16, anyOf rights: AccessRights
  ) throws(AccessRefusal) {
    guard etherType != AccessPolicy.macControl else { throw .forbiddenType(etherType) }
    var decider: AccessRule?
    for vlan in vlans {
      guard let rule = first(where: { $0.decides(etherType, vlan) }) else { continue }
      if !rule.rights.isDisjoint(with: rights) { return }
      decider = decider ?? rule
    }
    guard let decider else { throw .noRuleForType(etherType) }
    throw .missing(rights, rule: decider.name, origin: decider.origin)
  }
}
