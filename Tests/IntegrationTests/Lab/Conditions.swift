import Glibc
import Testing

extension Tag {
  /// Starts the real daemon on a cable of its own.
  @Tag static var integration: Self
}

extension Trait where Self == ConditionTrait {
  /// Skips where no network namespace can be made.
  static var needsNamespaces: Self {
    .enabled(
      if: Namespaces.areAllowed,
      "needs a network namespace of its own: run scripts/test (root), or unshare -rnm swift test")
  }

  /// Skips where all clients would be the same user.
  static var needsSeveralUsers: Self {
    .enabled(if: User.areSeveral, "needs root: inside unshare -r everybody is uid 0")
  }
}

/// Whether this process may make a network namespace and put a cable in it; asked once.
private enum Namespaces {
  static let areAllowed: Bool = {
    let script = "ip link add probe0 type veth peer name probe1"
    guard
      let child = try? ChildProcess(
        ["unshare", "-n", "sh", "-c", script], errorPath: "/dev/null")
    else { return false }
    return (try? child.exitCode()) == 0
  }()
}
