internal import Glibc
internal import NDIS
public import Ndisprot
public import Platform

/// Users and groups of the system, looked up on separate threads: a directory service that hangs
/// blocks only these.
///
/// - Thread: any
/// - Source: nsswitch.conf(5); `ndisprotd.docc/Reliability.md`, threat T14
public final class AccountDirectory: Sendable {
  /// How long a client, or a reload, waits for the lookup of one user.
  public static let patienceMilliseconds = 2_000

  private let accounts: BoundedLookup<AccountName, AccountResult>
  private let users: BoundedLookup<String, Result<Credentials?, SystemError>>

  /// Creates a directory; both functions may take any time.
  ///
  /// - Parameters:
  ///   - find: looks up an account
  ///   - credentials: looks up the groups of a user; nil if the user does not exist
  public init(
    _ find: @escaping @Sendable (AccountName) -> AccountResult,
    credentials: @escaping @Sendable (String) throws(SystemError) -> Credentials?
  ) {
    accounts = BoundedLookup("accounts", find)
    users = BoundedLookup("users") { name in
      Result { () throws(SystemError) in try credentials(name) }
    }
  }

  /// The accounts of the system.
  public convenience init() { self.init(Accounts.result, credentials: Accounts.credentials) }

  /// Looks accounts up.
  ///
  /// A lookup that timed out is `.unknown`; the caller repeats it later.
  ///
  /// - Parameters:
  ///   - names: the accounts
  ///   - milliseconds: how long to wait for all of them together
  /// - Returns: a result for each name
  public func results(
    for names: Set<AccountName>, within milliseconds: Int
  ) -> [AccountName: AccountResult] {
    var results: [AccountName: AccountResult] = [:]
    for case .user(let name) in names {
      // A number is valid whether it has a name or not.
      if let number = UInt32(digits: name) { results[.user(name)] = .found(number) }
    }
    let asked = names.filter { results[$0] == nil }
    let answers = accounts.answers(to: asked, within: milliseconds)
    for name in asked {
      results[name] = answers[name] ?? .unknown("no answer within \(milliseconds) ms")
    }
    return results
  }

  /// Looks up an account that must exist.
  ///
  /// - Parameters:
  ///   - name: its name or number
  ///   - milliseconds: how long to wait
  /// - Returns: its number
  /// - Throws: that the account does not exist, or why the lookup failed
  public func number(
    of name: AccountName, within milliseconds: Int
  ) throws(AccountError) -> UInt32 {
    switch results(for: [name], within: milliseconds)[name] {
    case .found(let number)?, .foundEmpty(let number)?: return number
    case .unknown(let cause)?: throw AccountError(name, cause: cause)
    case .absent?, nil: throw AccountError(name)
    }
  }

  /// Looks up a user with all groups, by name or number.
  ///
  /// - Parameters:
  ///   - name: a name, or a number, which need not have a name
  ///   - milliseconds: how long to wait
  /// - Returns: nil if the user does not exist
  /// - Throws: why the lookup failed; `ETIMEDOUT` if the directory did not answer in time
  public func credentials(
    _ name: String, within milliseconds: Int
  ) throws(SystemError) -> Credentials? {
    guard let result = users.answers(to: [name], within: milliseconds)[name] else {
      throw SystemError(errno: ETIMEDOUT, call: "getpwnam")
    }
    return try result.get()
  }
}
