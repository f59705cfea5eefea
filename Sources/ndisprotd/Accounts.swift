internal import Glibc
internal import Ndisprot

/// Why a name of `--allow` cannot be followed.
struct AccountError: Error {
  /// `user` or `group`.
  let kind: String
  /// What was written.
  let name: String
}

/// The users and groups that may use the interfaces: root, the daemon's own, and `--allow`.
///
/// - Source: `spec/cli.md`; getpwnam_r(3), getgrnam_r(3)
func accessPolicy(allowing names: [String]) throws(AccountError) -> AccessPolicy {
  var users: Set<UInt32> = [getuid(), geteuid()]
  var groups: Set<UInt32> = []
  for name in names {
    if name.hasPrefix(":") {
      groups.insert(try groupID(String(name.dropFirst())))
    } else {
      users.insert(try userID(name))
    }
  }
  return AccessPolicy(users: users, groups: groups)
}

private func userID(_ name: String) throws(AccountError) -> UInt32 {
  if let number = UInt32(name) { return number }
  var entry = unsafe passwd()
  var result: UnsafeMutablePointer<passwd>?
  var room = [CChar](repeating: 0, count: 16 << 10)
  guard unsafe getpwnam_r(name, &entry, &room, room.count, &result) == 0, unsafe result != nil
  else { throw AccountError(kind: "user", name: name) }
  return unsafe entry.pw_uid
}

private func groupID(_ name: String) throws(AccountError) -> UInt32 {
  if let number = UInt32(name) { return number }
  var entry = unsafe group()
  var result: UnsafeMutablePointer<group>?
  var room = [CChar](repeating: 0, count: 64 << 10)
  guard unsafe getgrnam_r(name, &entry, &room, room.count, &result) == 0, unsafe result != nil
  else { throw AccountError(kind: "group", name: name) }
  return unsafe entry.gr_gid
}
