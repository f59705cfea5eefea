internal import Glibc
internal import Platform

/// The users whose daemon a client trusts: root, the daemon's account, and the client's own user.
///
/// `NDISPROT_TRUST` adds one user by number: in a container the daemon's user may have no number,
/// and appear as the kernel's overflow user. Programs with more rights than their caller ignore it.
///
/// Otherwise any program that can create a socket at the client's path could read its frames. A
/// socket that systemd listens on counts as root's.
///
/// - Source: threat T17; SO_PEERCRED, unix(7)
enum ServerTrust {
  /// The account that the service runs as.
  static let accountName = "ndisprot"

  /// Checks the user at the other end.
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

  /// The rule itself; the account is looked up only if it matters.
  static func isTrusted(
    _ userID: UInt32, ownUserID: UInt32, trusted: UInt32? = nil, _ accountID: () -> UInt32?
  ) -> Bool {
    userID == 0 || userID == ownUserID || userID == trusted || userID == accountID()
  }

  /// The user in `NDISPROT_TRUST`; nil for anything but a number.
  private static func environmentID() -> UInt32? {
    guard Connection.hasCallersRights, let text = unsafe getenv("NDISPROT_TRUST") else {
      return nil
    }
    return unsafe UInt32(String(cString: text))
  }

  private static func accountID() -> UInt32? {
    // An account whose lookup fails is trusted no more than one that does not exist.
    (try? AccountDatabase.user(named: accountName))?.userID
  }
}
