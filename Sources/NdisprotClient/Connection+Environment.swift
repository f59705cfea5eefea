internal import Glibc

extension Connection {
  /// Where a program connects unless it says otherwise: `NDISPROT_SOCKET`, or `defaultPath`.
  ///
  /// A program that has more rights than its caller does not look at its environment.
  ///
  /// - Source: secure_getenv(3), which is behind _GNU_SOURCE; the two users are what it compares
  public static var environmentPath: String {
    guard hasCallersRights, let path = unsafe getenv("NDISPROT_SOCKET"), unsafe path[0] != 0
    else { return defaultPath }
    return unsafe String(cString: path)
  }

  /// Whether the environment is of the user whose rights the program has.
  static var hasCallersRights: Bool { getuid() == geteuid() && getgid() == getegid() }
}
