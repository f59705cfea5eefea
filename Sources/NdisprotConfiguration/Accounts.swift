internal import NDIS
public import Ndisprot
public import Platform

/// A user or a group that does not exist, or whose lookup failed.
public struct AccountError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The name in the configuration.
  public let name: AccountName
  /// Why the lookup failed; nil if the account does not exist.
  public let cause: String?

  /// Creates the error for a name.
  public init(_ name: AccountName, cause: String? = nil) {
    self.name = name
    self.cause = cause
  }

  /// Cause and remedy, for people.
  public var description: String {
    let (kind, database) =
      switch name {
      case .user: ("user", "passwd")
      case .group: ("group", "group")
      }
    guard let cause else {
      return "there is no \(name). Write a \(kind) that getent \(database) shows"
    }
    return "the \(name) cannot be looked up: \(cause). "
      + "See what getent \(database) says, or write the number"
  }
}

/// Users and groups of the system, or their numbers.
///
/// A directory service may block a caller indefinitely: the daemon uses `AccountDirectory`.
public enum Accounts {
  /// A user with all groups, by name or number; nil if the name does not exist.
  ///
  /// A number without a name has no groups but the one with the same number.
  public static func credentials(_ name: String) throws(SystemError) -> Credentials? {
    let number = UInt32(digits: name)
    let found =
      if let number {
        try AccountDatabase.user(number)
      } else {
        try AccountDatabase.user(named: name)
      }
    guard let found else {
      return number.map { Credentials(processID: 0, userID: $0, groupID: $0, groups: []) }
    }
    var groups = try AccountDatabase.groups(of: found)
    // A number may have several names, and belong to the groups of each.
    if number != nil {
      for other in AccountDatabase.localUsers(found.userID) where other.name != found.name {
        groups += try AccountDatabase.groups(of: other)
      }
    }
    return Credentials(
      processID: 0, userID: found.userID, groupID: found.groupID, groups: groups)
  }
}
