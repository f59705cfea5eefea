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
        bound.isEmpty
        || bound.contains { comparison.holds(.canMeet, $0, rule.interface) ?? true }
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
      let first = rule.hider(of: types, among: rules[..<index]) { $0.decides($1, $2) }
      if let first {
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
      let first = rule.hider(of: rule.etherTypes.wireValues, among: earlier.lazy.map { rules[$0] })
      {
        comparison.take(1) && $0.decides($1, $2)
          && comparison.holds(.covers, $0.interface, rule.interface) == true
      }
      if let first {
        hidden[index] =
          "it never decides: \(first.title) comes first. Put it before that one, or remove it"
      }
      // Beyond so many of one subject only the first are looked at: a warning is no proof.
      if own.count < 512 { places[rule.subject] = own + [index] }
    }
    return hidden
  }
}

/// Compares interface matches, each pair once, within a million steps in all: a file of megabytes does
/// not keep a start or a reload waiting.
private struct MatchComparison {
  enum Relation {
    /// The first match means every interface that the second one means.
    case covers
    /// Both matches can mean the same interface.
    case canMeet
  }
  private struct Question: Hashable {
    let relation: Relation
    let first: Int
    let second: Int
  }

  /// The remaining steps.
  private var steps = 1 << 20
  private var numbers: [InterfaceMatch: Int] = [:]
  private var answers: [Question: Bool] = [:]

  /// Takes this many steps; false if they are not left.
  mutating func take(_ count: Int) -> Bool {
    steps -= min(count, steps)
    return steps > 0
  }

  /// Whether a relation holds; nil without the steps to tell.
  mutating func holds(
    _ relation: Relation, _ match: InterfaceMatch, _ other: InterfaceMatch
  ) -> Bool? {
    guard take(8) else { return nil }
    let question = Question(
      relation: relation, first: number(match), second: number(other))
    if let known = answers[question] { return known }
    guard take(64) else { return nil }
    let answer =
      switch relation {
      case .covers: match.covers(other)
      case .canMeet: match.canMeet(other)
      }
    answers[question] = answer
    return answer
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
  /// would decide about.
  ///
  /// - Parameters:
  ///   - types: the EtherTypes
  ///   - others: the rules that come first
  ///   - decides: whether a rule decides about an EtherType on a VLAN
  /// - Returns: nil if some frames are left to this rule
  fileprivate func hider(
    of types: [UInt16], among others: some Sequence<AccessRule>,
    by decides: (AccessRule, _ etherType: UInt16, _ vlan: UInt16) -> Bool
  ) -> AccessRule? {
    var first: AccessRule?
    for type in types {
      for vlan in vlans.wireValues {
        guard let other = others.first(where: { decides($0, type, vlan) }) else { return nil }
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
      (.priority, .write, "it is about what is written"),
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
