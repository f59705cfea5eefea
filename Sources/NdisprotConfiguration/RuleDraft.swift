internal import NDIS
internal import Ndisprot

/// A user or a group as a configuration names it.
public enum AccountName: Hashable, Sendable, CustomStringConvertible {
  case user(String)
  case group(String)

  /// `user 'alice'`.
  public var description: String {
    switch self {
    case .user(let name): "user '\(name)'"
    case .group(let name): "group '\(name)'"
    }
  }
}

/// What the system says of an account.
public enum AccountResult: Hashable, Sendable {
  /// Its number.
  case found(UInt32)
  /// The number of a group without any member.
  case foundEmpty(UInt32)
  /// There is none.
  case absent
  /// It could not be looked up, or not yet; the reason is for people.
  case unknown(String)
}

/// A rule as it is written, before its account is looked up.
struct RuleDraft: Sendable {
  private let rule: AccessRule
  private let account: AccountName?
  private let path: String
  private let place: ConfigurationPlace
  var name: String { rule.name }
  var origin: String { rule.origin }

  /// Makes a draft; one without an account has the rule's own subject.
  init(_ rule: AccessRule, _ account: AccountName?, _ table: ConfigurationTable) {
    self.rule = rule
    self.account = account
    path = table.path
    place = table.place
  }

  /// The account to look up.
  ///
  /// A number is what it is, and a group is looked up all the same: it may have no members.
  var wanted: AccountName? { account }

  /// The rule with the number of its account; of one that is not there, it is nobody's.
  func rule(_ results: [AccountName: AccountResult]) -> AccessRule {
    guard let account else { return rule }
    var rule = rule
    rule.subject = .nobody
    switch (account, results[account]) {
    case (.user, .found(let number)): rule.subject = .user(number)
    case (.group, .found(let number)), (.group, .foundEmpty(let number)):
      rule.subject = .group(number)
    default: break
    }
    return rule
  }

  /// What people should know about the account; nil if all is well.
  func warning(_ results: [AccountName: AccountResult]) -> String? {
    guard let account else { return nil }
    switch results[account] {
    case .found?: return nil
    case .foundEmpty?: return warning("the \(account) has no members. Add one, or remove the rule")
    case .absent?, nil:
      return warning("there is no \(account). The rule matches no client until there is")
    case .unknown(let cause)?:
      return warning(
        "the \(account) could not be looked up: \(cause). The rule matches no client until it can")
    }
  }

  /// A warning with the place of the rule.
  func warning(_ text: String) -> String {
    ConfigurationProblem(path, place, "rule \"\(rule.name)\": \(text)").description
  }
}
