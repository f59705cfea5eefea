public import Ndisprot
public import Platform

/// A user or a group that is not there, or cannot be looked up.
public struct AccountError: Error, Hashable, Sendable, CustomStringConvertible {
  /// `user` or `group`.
  public let kind: String
  /// What was written.
  public let name: String
  /// Why it could not be looked up; nil if it is not there.
  public let cause: SystemError?

  /// Makes the error of a name.
  public init(kind: String, name: String, cause: SystemError? = nil) {
    self.kind = kind
    self.name = name
    self.cause = cause
  }

  /// Cause and remedy, for people.
  public var description: String {
    let database = kind == "user" ? "passwd" : "group"
    guard let cause else {
      return "there is no \(kind) '\(name)'. Write a \(kind) that getent \(database) shows"
    }
    return "the \(kind) '\(name)' cannot be looked up: \(cause.text). "
      + "See what getent \(database) says, or write the number"
  }
}

/// Users and groups as the system knows them, or their numbers.
public enum Accounts {
  /// The number of a user; a number need not have a name.
  public static func userID(_ name: String) throws(AccountError) -> UInt32 {
    if let number = UInt32(name) { return number }
    return try looked("user", name) { () throws(SystemError) in
      try AccountDatabase.user(named: name)?.userID
    }
  }

  /// The number of a group; a number need not have a name.
  public static func groupID(_ name: String) throws(AccountError) -> UInt32 {
    if let number = UInt32(name) { return number }
    return try looked("group", name) { () throws(SystemError) in
      try AccountDatabase.group(named: name)?.groupID
    }
  }

  private static func looked(
    _ kind: String, _ name: String, _ look: () throws(SystemError) -> UInt32?
  ) throws(AccountError) -> UInt32 {
    var cause: SystemError?
    do throws(SystemError) {
      if let number = try look() { return number }
    } catch {
      cause = error
    }
    throw AccountError(kind: kind, name: name, cause: cause)
  }

  /// A user with all groups, by name or number; nil if there is none of this name.
  ///
  /// A number without a name has no groups but the one of the same number.
  public static func credentials(_ name: String) throws(SystemError) -> Credentials? {
    let number = UInt32(name)
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
    // A number may have several names, and be in the groups of each.
    if number != nil {
      for other in AccountDatabase.localUsers(found.userID) where other.name != found.name {
        groups += try AccountDatabase.groups(of: other)
      }
    }
    return Credentials(
      processID: 0, userID: found.userID, groupID: found.groupID, groups: groups)
  }
}
