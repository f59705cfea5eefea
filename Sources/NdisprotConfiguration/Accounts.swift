internal import Glibc
public import Ndisprot

/// A user or a group that is not there.
public struct AccountError: Error, Hashable, Sendable, CustomStringConvertible {
  /// `user` or `group`.
  public let kind: String
  /// What was written.
  public let name: String

  /// Makes the error of a name.
  public init(kind: String, name: String) {
    self.kind = kind
    self.name = name
  }

  /// Cause and remedy, for people.
  public var description: String {
    "there is no \(kind) '\(name)'. "
      + "Write a \(kind) that getent \(kind == "user" ? "passwd" : "group") shows"
  }
}

/// Users and groups as the system knows them.
///
/// - Source: getpwnam_r(3), getgrnam_r(3), getgrouplist(3)
public enum Accounts {
  /// The number of a user; a number need not have a name.
  public static func userID(_ name: String) throws(AccountError) -> UInt32 {
    if let number = UInt32(name) { return number }
    guard let entry = entry(name) else { throw AccountError(kind: "user", name: name) }
    return entry.userID
  }

  /// The number of a group; a number need not have a name.
  public static func groupID(_ name: String) throws(AccountError) -> UInt32 {
    if let number = UInt32(name) { return number }
    var entry = unsafe group()
    var result: UnsafeMutablePointer<group>?
    var room = [CChar](repeating: 0, count: 64 << 10)
    guard unsafe getgrnam_r(name, &entry, &room, room.count, &result) == 0, unsafe result != nil
    else { throw AccountError(kind: "group", name: name) }
    return unsafe entry.gr_gid
  }

  /// A user with all groups, by name or number; nil if there is none of this name.
  ///
  /// A number without a name has no groups but the one of the same number.
  public static func credentials(_ name: String) -> Credentials? {
    guard let found = entry(name) else {
      return UInt32(name).map {
        Credentials(processID: 0, userID: $0, groupID: $0, groups: [])
      }
    }
    guard var groups = groups(of: found.name, found.groupID) else { return nil }
    // A number may have several names, and be in the groups of each.
    if UInt32(name) != nil {
      for other in localNames(of: found.userID) where other.name != found.name {
        groups += Accounts.groups(of: other.name, other.groupID) ?? []
      }
    }
    return Credentials(
      processID: 0, userID: found.userID, groupID: found.groupID, groups: groups)
  }

  private static func groups(of name: String, _ groupID: UInt32) -> [UInt32]? {
    var groups = [gid_t](repeating: 0, count: 256)
    var count = Int32(groups.count)
    while unsafe getgrouplist(name, groupID, &groups, &count) < 0 {
      guard count > groups.count, count <= 65_536 else { return nil }
      groups = [gid_t](repeating: 0, count: Int(count))
    }
    return Array(groups.prefix(Int(count)))
  }

  /// The names that /etc/passwd has for a number.
  private static func localNames(of userID: UInt32) -> [(name: String, groupID: UInt32)] {
    guard let file = unsafe fopen("/etc/passwd", "re") else { return [] }
    defer { unsafe fclose(file) }
    var names: [(name: String, groupID: UInt32)] = []
    var entry = unsafe passwd()
    var result: UnsafeMutablePointer<passwd>?
    var room = [CChar](repeating: 0, count: 16 << 10)
    while unsafe fgetpwent_r(file, &entry, &room, room.count, &result) == 0 {
      guard unsafe entry.pw_uid == userID, let text = unsafe entry.pw_name else { continue }
      unsafe names.append((String(cString: text), entry.pw_gid))
    }
    return names
  }

  private static func entry(
    _ name: String
  ) -> (name: String, userID: UInt32, groupID: UInt32)? {
    var entry = unsafe passwd()
    var result: UnsafeMutablePointer<passwd>?
    var room = [CChar](repeating: 0, count: 16 << 10)
    let status: Int32
    if let number = UInt32(name) {
      status = unsafe getpwuid_r(number, &entry, &room, room.count, &result)
    } else {
      status = unsafe getpwnam_r(name, &entry, &room, room.count, &result)
    }
    guard status == 0, unsafe result != nil, let text = unsafe entry.pw_name else { return nil }
    return unsafe (String(cString: text), entry.pw_uid, entry.pw_gid)
  }
}
