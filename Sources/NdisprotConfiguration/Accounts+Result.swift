internal import NDIS
internal import Platform

extension Accounts {
  /// The result of looking up an account in the system.
  static func result(_ name: AccountName) -> AccountResult {
    do throws(SystemError) {
      switch name {
      case .user(let user):
        guard let entry = try AccountDatabase.user(named: user) else { return .absent }
        return .found(entry.userID)
      case .group(let group): return try groupResult(group)
      }
    } catch {
      return .unknown(error.words)
    }
  }

  private static func groupResult(_ name: String) throws(SystemError) -> AccountResult {
    let number = UInt32(digits: name)
    let found =
      if let number {
        try AccountDatabase.group(number)
      } else {
        try AccountDatabase.group(named: name)
      }
    guard let found else {
      // A number need not have a name; its members are unknown then.
      return number.map { .found($0) } ?? .absent
    }
    guard !found.hasMembers, !AccountDatabase.isPrimaryGroupOfLocalUser(found.groupID) else {
      return .found(found.groupID)
    }
    return .foundEmpty(found.groupID)
  }
}
