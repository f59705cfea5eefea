public import NDIS

/// Why the policy refuses an open or one of its requests: the rule, or the lack of one.
public enum AccessRefusal: Error, Hashable, Sendable {
  /// No rule applies to the client on this interface.
  case noRule
  /// The EtherType is never granted.
  case forbiddenType(UInt16)
  /// No rule applies to this EtherType; nil is any EtherType that no rule names.
  case noRuleForType(UInt16)
  /// A rule decides, and does not grant the right.
  case missing(AccessRights, rule: String, origin: String)
  /// No rule decides about a frame of this EtherType in this VLAN.
  case noRuleForFrame(UInt16, vlan: UInt16)
  /// A rule decides, and allows other destinations only.
  case destination(rule: String, origin: String)
  /// A quota of a rule is used up.
  case quota(AccessQuotaKind, limit: Int, rule: String, origin: String)

  /// The row of the table that the client sees.
  public var completion: CompletionStatus {
    switch self {
    case .noRule, .forbiddenType, .noRuleForType, .missing, .noRuleForFrame, .destination:
      .notPermitted
    case .quota: .tooManyRequests
    }
  }

  /// The rule that decided; `-` if there is none.
  public var ruleName: String {
    switch self {
    case .noRule, .forbiddenType, .noRuleForType, .noRuleForFrame: "-"
    case .missing(_, let rule, _), .quota(_, _, let rule, _), .destination(let rule, _): rule
    }
  }
}

/// What a quota counts.
public enum AccessQuotaKind: String, Hashable, Sendable {
  case sessions, opens, requests
  case queueBytes = "queue_bytes"
}

extension AccessRefusal: CustomStringConvertible {
  /// The cause, for people: it names the rule or its absence.
  public var description: String {
    switch self {
    case .noRule: "no rule lets this user use this interface"
    case .forbiddenType(let type):
      "EtherType \(AccessRefusal.text(type)) (pause frames) is always denied, whatever a rule says"
    case .noRuleForType(EtherTypeSet.anyValue): "no rule lets this user open every EtherType here"
    case .noRuleForType(let type):
      "no rule lets this user open EtherType \(AccessRefusal.text(type)) here"
    case .missing(let rights, let rule, let origin):
      "rule '\(rule)' (\(origin)) does not give \(rights.words.joined(separator: " or "))"
    case .noRuleForFrame(let type, VLANSet.none):
      "no rule lets this user write EtherType \(AccessRefusal.text(type)) here"
    case .noRuleForFrame(let type, VLANSet.unknown):
      "no rule lets this user write EtherType \(AccessRefusal.text(type)) behind this tag"
    case .noRuleForFrame(let type, let vlan):
      "no rule lets this user write EtherType \(AccessRefusal.text(type)) in VLAN \(vlan)"
    case .destination(let rule, let origin):
      "rule '\(rule)' (\(origin)) does not give write to this destination"
    case .quota(let kind, let limit, let rule, let origin):
      "rule '\(rule)' (\(origin)) allows \(kind.rawValue) = \(limit), which is used up"
    }
  }

  private static func text(_ type: UInt16) -> String {
    type == EtherTypeSet.llcValue ? "llc" : "0x" + String(type, radix: 16)
  }
}

extension AccessGrant {
  /// Why none of these rights is granted, by the rules that decide about the open.
  public func refusal(ofAnyOf rights: AccessRights) -> AccessRefusal {
    guard let first = rules.first else { return .noRule }
    return .missing(rights, rule: ruleNames, origin: first.origin)
  }

  /// The names of the rules that decide.
  public var ruleNames: String { rules.map(\.name).joined(separator: ",") }
}
