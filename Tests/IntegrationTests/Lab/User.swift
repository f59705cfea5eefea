import Glibc

/// Whom a client runs as; never with a capability.
enum User {
  /// One that the daemon was told to allow.
  case allowed
  /// One that nobody mentioned.
  case stranger
  /// One that is in the group that the daemon was told to allow.
  case member
  /// The user who runs the daemon.
  case owner
  /// Root with all rights, who will become another.
  case changing
  /// One of a number, with a group of the same number and others.
  case numbered(Int, groups: [Int] = [])

  /// The group of `member`, in numbers: it need not exist.
  static let group = 61_001

  /// Whether this machine lets the tests be several users.
  static let areSeveral = isSuccess(["setpriv", "--reuid=65534", "--clear-groups", "true"])

  /// The words that run a command as this user.
  var words: [String] {
    guard User.areSeveral else { return User.withoutCapabilities }
    let identity: [String]
    switch self {
    case .owner: return User.withoutCapabilities
    case .changing: return []
    case .allowed: identity = ["--reuid=65534", "--regid=65534", "--clear-groups"]
    case .stranger: identity = ["--reuid=61000", "--regid=61000", "--clear-groups"]
    case .numbered(let number, let groups):
      let others =
        groups.isEmpty
        ? "--clear-groups" : "--groups=" + groups.map { "\($0)" }.joined(separator: ",")
      identity = ["--reuid=\(number)", "--regid=\(number)", others]
    case .member: identity = ["--reuid=61002", "--regid=61002", "--groups=\(User.group)"]
    }
    return ["setpriv"] + identity + User.noCapability
  }

  /// What the daemon is told: the number of `allowed`.
  static var options: [String] { areSeveral ? ["--allow", "65534"] : [] }

  /// The words that take every capability from a command.
  static let withoutCapabilities = ["setpriv"] + noCapability

  private static let noCapability = [
    "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs",
  ]

  private static func isSuccess(_ words: [String]) -> Bool {
    guard let child = try? ChildProcess(words, errorPath: "/dev/null") else { return false }
    return (try? child.exitCode()) == 0
  }
}
