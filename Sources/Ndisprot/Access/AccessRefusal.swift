public import NDIS

/// Why the policy refuses an open: the rule, or that there is none.
public enum AccessRefusal: Error, Hashable, Sendable {
  /// No rule speaks of the client on this interface.
  case noRule
  /// The EtherType is nobody's.
  case forbiddenType(UInt16)
  /// No rule speaks of this EtherType; nil is all that no rule names.
  case noRuleForType(UInt16)
  /// A rule decides, and does not give the right.
  case missing(AccessRights, rule: String, origin: String)
  /// A quota of a rule is used up.
  case quota(AccessQuotaKind, limit: Int, rule: String, origin: String)

  /// The row of the table that the client sees.
  public var completion: CompletionStatus {
    switch self {
    case .noRule, .forbiddenType, .noRuleForType, .missing: .notPermitted
    case .quota: .tooManyRequests
    }
  }

  /// The rule that decided, `-` if there is none.
  public var ruleName: String {
    switch self {
    case .noRule, .forbiddenType, .noRuleForType: "-"
    case .missing(_, let rule, _), .quota(_, _, let rule, _): rule
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
      "EtherType \(AccessRefusal.text(type)) (pause frames) is nobody's, whatever a rule says"
    case .noRuleForType(EtherTypeSet.anyValue): "no rule lets this user open every EtherType here"
    case .noRuleForType(let type):
      "no rule lets this user open EtherType \(AccessRefusal.text(type)) here"
    case .missing(let rights, let rule, let origin):
      "rule '\(rule)' (\(origin)) does not give \(rights.words.joined(separator: " or "))"
    case .quota(let kind, let limit, let rule, let origin):
      "rule '\(rule)' (\(origin)) allows \(kind.rawValue) = \(limit), which is used up"
    }
  }

  private static func text(_ type: UInt16) -> String {
    type == EtherTypeSet.llcValue ? "llc" : "0x" + String(type, radix: 16)
  }
}
