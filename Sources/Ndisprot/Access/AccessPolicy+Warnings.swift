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
    var comparison = MatchComparison()
    return rules.indices.flatMap { index in
      let rule = rules[index]
      let isBound =
        bound.isEmpty || bound.contains { comparison.canMeet($0, rule.interface) ?? true }
      let texts = [hidden[index], rule.rootWarning, isBound ? nil : AccessRule.unboundWarning]
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
    var places: [AccessRule.Subject: [Int]] = [:]
    var hidden: [Int: String] = [:]
    var comparison = MatchComparison()
    for (index, rule) in rules.enumerated() where rule.subject != .nobody {
      let own = places[rule.subject, default: []]
      let earlier = rule.subject == .everybody ? own : own + places[.everybody, default: []]
      if let first = hider(of: rule, among: earlier, &comparison) {
        hidden[index] =
          "it never decides: \(first.title) comes first. Put it before that one, or remove it"
      }
      // Beyond so many of one subject only the first are looked at: a warning is no proof.
      if own.count < 512 { places[rule.subject] = own + [index] }
    }
    return hidden
  }

  /// The first of some rules which together decide about all that a rule would decide about.
  ///
  /// - Returns: nil if something is left, or if there is more to compare than a warning is worth
  private func hider(
    of rule: AccessRule, among earlier: [Int], _ comparison: inout MatchComparison
  ) -> AccessRule? {
    var first: AccessRule?
    for type in rule.etherTypes.wireValues {
      for vlan in rule.vlans.wireValues {
        guard
          let other = earlier.first(where: {
            comparison.take(1) && rules[$0].decides(type, vlan)
              && comparison.covers(rules[$0].interface, rule.interface) == true
          })
        else { return nil }
        first = first ?? rules[other]
      }
    }
    return first
  }
}

/// Compares matches of interfaces, each two once, and a million steps in all: a file of
/// megabytes is no reason to keep a start or a reload waiting.
private struct MatchComparison {
  private struct Pair: Hashable {
    let first: Int
    let second: Int
  }

  /// Steps that are left.
  private var steps = 1 << 20
  private var numbers: [InterfaceMatch: Int] = [:]
  private var covered: [Pair: Bool] = [:]
  private var met: [Pair: Bool] = [:]

  /// Takes so many steps; false if they are not left.
  mutating func take(_ count: Int) -> Bool {
    steps -= min(count, steps)
    return steps > 0
  }

  /// Whether one covers the other; nil without the steps to tell.
  mutating func covers(_ match: InterfaceMatch, _ other: InterfaceMatch) -> Bool? {
    guard take(8) else { return nil }
    let pair = pair(match, other)
    if let known = covered[pair] { return known }
    guard take(64) else { return nil }
    let covers = match.covers(other)
    covered[pair] = covers
    return covers
  }

  /// Whether both can mean one interface; nil without the steps to tell.
  mutating func canMeet(_ match: InterfaceMatch, _ other: InterfaceMatch) -> Bool? {
    guard take(8) else { return nil }
    let pair = pair(match, other)
    if let known = met[pair] { return known }
    guard take(64) else { return nil }
    let canMeet = match.canMeet(other)
    met[pair] = canMeet
    return canMeet
  }

  private mutating func pair(_ match: InterfaceMatch, _ other: InterfaceMatch) -> Pair {
    Pair(first: number(match), second: number(other))
  }

  private mutating func number(_ match: InterfaceMatch) -> Int {
    if let known = numbers[match] { return known }
    numbers[match] = numbers.count
    return numbers.count - 1
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

  fileprivate static let unboundWarning =
    "no [[binding]] names such an interface. Add one, unless another of its names is bound"

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
