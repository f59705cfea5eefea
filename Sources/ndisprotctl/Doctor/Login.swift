internal import Glibc
internal import Platform

/// The user of this process: the groups of the login, and those that the account has by now.
///
/// A login keeps the groups that it began with: `usermod -aG` takes effect with the next one. The
/// daemon sees the groups of the process, so rules for a new group do not apply before.
struct Login {
  /// The user's name, or number.
  let userName: String
  /// Whether the user is root.
  let isRoot: Bool
  /// Groups of the process.
  private let own: Set<UInt32>
  /// Groups of the account; nil if the lookup failed.
  private let account: Set<UInt32>?

  /// Reads the kernel's and the account database's data.
  init() {
    let user = try? AccountDatabase.user(geteuid())
    self.init(
      userName: user?.name ?? "\(geteuid())", isRoot: geteuid() == 0,
      own: Set(AccountDatabase.ownGroups + [getegid()]),
      account: user.flatMap { try? AccountDatabase.groups(of: $0) }.map(Set.init))
  }

  /// A login of known groups.
  init(userName: String, isRoot: Bool, own: Set<UInt32>, account: Set<UInt32>?) {
    self.userName = userName
    self.isRoot = isRoot
    self.own = own
    self.account = account
  }

  /// Whether the process is in a group.
  func has(_ group: UInt32) -> Bool { own.contains(group) }

  /// Whether the account is in a group that this login does not have yet.
  func isOlderThanMembership(of group: UInt32) -> Bool {
    account?.contains(group) == true && !own.contains(group)
  }

  /// Groups that the account has and this login lacks.
  var missing: [UInt32] { (account ?? own).subtracting(own).sorted() }

  /// The row of `doctor`; nil for a login with all groups of the account.
  func finding(name: (UInt32) -> String) -> Finding? {
    guard !missing.isEmpty, !isRoot else { return nil }
    let names = missing.map(name)
    return .note(
      "login",
      "this login of \(userName) began before the account was in \(names.joined(separator: ", ")): rules "
        + "for \(names.count == 1 ? "this group" : "these groups") do not count yet",
      remedy: "Log in again, or use a shell of: newgrp \(names[0])")
  }
}
