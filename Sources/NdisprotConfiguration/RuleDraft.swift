internal import NDIS
internal import Ndisprot

/// The name of a user or a group in a configuration.
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

/// The result of looking up an account.
public enum AccountResult: Hashable, Sendable {
  /// Its number.
  case found(UInt32)
  /// The number of a group without any member.
  case foundEmpty(UInt32)
  /// The account does not exist.
  case absent
  /// The lookup failed, or has not finished; the reason is for people.
  case unknown(String)
}

/// A rule as written, before its account is looked up.
struct RuleDraft: Sendable {
  private let rule: AccessRule
  private let account: AccountName?
  private let path: String
  private let place: ConfigurationPlace
  var name: String { rule.name }
  var origin: String { rule.origin }

  /// Creates a draft; without an account it keeps the rule's own subject.
  init(_ rule: AccessRule, _ account: AccountName?, _ table: ConfigurationTable) {
    self.rule = rule
    self.account = account
    path = table.path
    place = table.place
  }

  /// The account to look up.
  ///
  /// Even a number is looked up for a group: the group may have no members.
  var wanted: AccountName? { account }

  /// The rule with the number of its account; if the account does not exist, it matches no client.
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

  /// A warning about the account; nil if there is none.
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

  /// A warning with the position of the rule.
  func warning(_ text: String) -> String {
    ConfigurationProblem(path, place, "rule \"\(rule.name)\": \(text)").description
  }
}
