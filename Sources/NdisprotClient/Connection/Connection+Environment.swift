internal import Glibc

extension Connection {
  /// The default socket of a program: `NDISPROT_SOCKET`, or `defaultPath`.
  ///
  /// A program with more rights than its caller ignores the environment.
  ///
  /// - Source: secure_getenv(3), which is behind _GNU_SOURCE; it compares the same two users
  public static var environmentPath: String {
    guard hasCallersRights, let path = unsafe getenv("NDISPROT_SOCKET"), unsafe path[0] != 0
    else { return defaultPath }
    return unsafe String(cString: path)
  }

  /// Whether the environment was set by the user whose rights the program has.
  static var hasCallersRights: Bool { getuid() == geteuid() && getgid() == getegid() }
}
