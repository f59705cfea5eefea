internal import Glibc
internal import Platform

/// Whose daemon a client believes: root's, the daemon account's, and its own user's.
///
/// `NDISPROT_TRUST` names one user more, by number: in a container the daemon's user may have no
/// number of its own, and shows as the kernel's overflow user. Programs with more rights than their
/// caller do not look at it.
///
/// Otherwise anybody who can make a socket where the client looks could read its frames. A socket
/// that systemd listens on counts as root's.
///
/// - Source: threat T17; SO_PEERCRED, unix(7)
enum ServerTrust {
  /// The account that the service runs as.
  static let accountName = "ndisprot"

  /// Checks who listens at the other end.
  static func check(_ descriptor: Int32, path: String) throws(ClientError) {
    let userID: UInt32
    do throws(SystemError) {
      userID = try UnixSocket(descriptor).peer().userID
    } catch {
      throw .system(error)
    }
    guard
      isTrusted(userID, ownUserID: geteuid(), trusted: environmentID(), accountID)
    else {
      throw .untrustedServer(path: path, userID: userID)
    }
  }

  /// The rule by itself; the account is looked up only if it matters.
  static func isTrusted(
    _ userID: UInt32, ownUserID: UInt32, trusted: UInt32? = nil, _ accountID: () -> UInt32?
  ) -> Bool {
    userID == 0 || userID == ownUserID || userID == trusted || userID == accountID()
  }

  /// What `NDISPROT_TRUST` names; nil for anything but a number.
  private static func environmentID() -> UInt32? {
    guard Connection.hasCallersRights, let text = unsafe getenv("NDISPROT_TRUST") else {
      return nil
    }
    return unsafe UInt32(String(cString: text))
  }

  private static func accountID() -> UInt32? {
    // An account that cannot be looked up is trusted no more than one that is not there.
    (try? AccountDatabase.user(named: accountName))?.userID
  }
}
