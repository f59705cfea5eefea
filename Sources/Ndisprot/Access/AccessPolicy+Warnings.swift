public import NDIS

// What is valid in a policy, but most likely a mistake.

extension AccessPolicy {
  /// A rule that is valid, but most likely a mistake.
  public struct Warning: Hashable, Sendable {
    /// The rule's index in `rules`.
    public let index: Int
    /// The cause, and how to fix it.
    public let text: String
  }

  /// What is most likely a mistake, in the order of the rules.
  ///
  /// - Parameter bound: what the configuration binds
  /// - Returns: any number of warnings for a rule
  public func warnings(bound: [InterfaceMatch]) -> [Warning] {
    let hidden = hiddenRules
    return rules.indices.flatMap { index in
      let rule = rules[index]
      let texts = [hidden[index], rule.rootWarning, rule.warning(unbound: bound)]
      return (texts.compactMap { $0 } + rule.rightWarnings).map { Warning(index: index, text: $0) }
    }
  }

  /// What to know about the rules of a client on an interface besides the decision: rules that an
  /// earlier one keeps from deciding about the EtherType, and rights without effect.
  public func notes(
    for client: Credentials, on attributes: AdapterAttributes, _ etherType: UInt16
  ) -> [String] {
    guard client.userID != 0, etherType != AccessPolicy.macControl else { return [] }
    let rules = rules(for: client, on: attributes)
    return rules.indices.flatMap { index in
      let rule = rules[index]
      let types = [etherType].filter { rule.decides($0, rule.vlans.wireValues[0]) }
      guard !types.isEmpty else { return [String]() }
      var notes = rule.rightWarnings
      if let first = rule.hider(of: types, among: rules[..<index]) {
        notes.append("it does not decide here: \(first.title) comes first")
      }
      return notes.map { "\(rule.title): \($0)" }
    }
  }

  /// The rules that never decide, each with the reason.
  private var hiddenRules: [Int: String] {
    var ofSubject: [AccessRule.Subject: [AccessRule]] = [:]
    var hidden: [Int: String] = [:]
    for (index, rule) in rules.enumerated() where rule.subject != .nobody {
      let own = ofSubject[rule.subject, default: []]
      let earlier = rule.subject == .everybody ? own : own + ofSubject[.everybody, default: []]
      let covering = earlier.filter { $0.interface.covers(rule.interface) }
      if let first = rule.hider(of: rule.etherTypes.wireValues, among: covering[...]) {
        hidden[index] =
          "it never decides: \(first.title) comes first. Put it before that one, or remove it"
      }
      // Of many rules of one subject only the first are compared: a warning is no proof.
      if own.count < 512 { ofSubject[rule.subject] = own + [rule] }
    }
    return hidden
  }
}

extension AccessRule {
  /// The rule as shown to people: name and position.
  var title: String { "rule \"\(name)\" (\(origin))" }

  /// The first of the rules that together decide about all frames of these types that this rule
  /// would decide about; nil if some frames are left to it.
  fileprivate func hider(of types: [UInt16], among others: ArraySlice<AccessRule>) -> AccessRule? {
    var first: AccessRule?
    for type in types {
      for vlan in vlans.wireValues {
        guard let other = others.first(where: { $0.decides(type, vlan) }) else { return nil }
        first = first ?? other
      }
    }
    return first
  }

  fileprivate var rootWarning: String? {
    subject == .user(0) ? "root may do everything without a rule. Remove it" : nil
  }

  fileprivate func warning(unbound bound: [InterfaceMatch]) -> String? {
    guard !bound.isEmpty, !bound.contains(where: { $0.canMeet(interface) }) else { return nil }
    return "no [[binding]] names such an interface. Add one, unless another of its names is bound"
  }

  /// Rights that have no effect without another.
  fileprivate var rightWarnings: [String] {
    let needs: [(AccessRights, AccessRights, String)] = [
      (.promiscuous, .setOID, "it is switched on by setting the OID current-packet-filter"),
      (.promiscuous, .read, "it is about what is read"),
      (.allFrames, .read, "it is about what is read"),
      (.join, .read, "it is about what is read"),
      (.anySource, .write, "it is about what is written"),
      (.exclusive, .write, "it is for programs that write"),
    ]
    var warnings = needs.compactMap { right, needed, cause -> String? in
      guard rights.contains(right), rights.isDisjoint(with: needed) else { return nil }
      return "the right \(right.words[0]) does nothing without \(needed.words[0]): \(cause)"
    }
    if rate != nil, !rights.contains(.write) {
      warnings.append("the key rate does nothing without the right write")
    }
    let lists = [("sources", sources), ("destinations", destinations)]
    for (key, addresses) in lists where !addresses.isEmpty && !rights.contains(.write) {
      warnings.append("the key \(key) does nothing without the right write")
    }
    return warnings
  }
}

extension VLANSet {
  /// Numbers, of which `unknown` stands for every VLAN.
  fileprivate var wireValues: [UInt16] { isAny ? [VLANSet.unknown] : values }
}
