internal import Glibc
internal import Platform
internal import VirtualAdapter

// The rows of `doctor` about `run`: what a user needs for a virtual adapter.

extension HostChecks {
  /// Whether a program can run on an adapter of its own, or what prevents it.
  var adapter: Finding {
    Self.adapter(AdapterProbe(), isRoot: geteuid() == 0, HostFacts.text(of:))
  }

  /// The row for the result of an attempt.
  ///
  /// - Parameters:
  ///   - probe: the attempt
  ///   - isRoot: some settings restrict users and not root
  ///   - text: the content of a file of /proc; nil if it does not exist
  /// - Returns: fine or a note
  static func adapter(
    _ probe: AdapterProbe, isRoot: Bool, _ text: (String) -> String?
  ) -> Finding {
    guard let obstacle = probe.obstacle else { return device(probe) }
    let (cause, remedy) = words(obstacle, isRoot, text)
    // Clients written for the daemon do not need one.
    return .note("run", "no program can be run on an adapter: \(cause)", remedy: remedy)
  }

  private static func device(_ probe: AdapterProbe) -> Finding {
    guard let obstacle = probe.tapObstacle else {
      return .fine("run", "programs can be run on a TAP adapter of their own")
    }
    // Not an error: it works, only more slowly.
    return .fine(
      "run",
      "programs can be run on an adapter of their own, a veth pair, for /dev/net/tun cannot be opened: "
        + "\(obstacle.words). For a faster one ask root for: modprobe tun; chmod 666 /dev/net/tun")
  }

  private static func words(
    _ obstacle: AdapterError, _ isRoot: Bool, _ text: (String) -> String?
  ) -> (cause: String, remedy: String) {
    func setting(_ name: String) -> Int? {
      text("/proc/sys/\(name)")?.split(separator: "\n").first.flatMap { Int($0) }
    }
    if setting("kernel/unprivileged_userns_clone") == 0, !isRoot {
      return (
        "kernel.unprivileged_userns_clone is 0",
        "Ask root for: sysctl kernel.unprivileged_userns_clone=1"
      )
    }
    if setting("user/max_user_namespaces") == 0 {
      return (
        "user.max_user_namespaces is 0", "Ask root for: sysctl user.max_user_namespaces=10000"
      )
    }
    if setting("kernel/apparmor_restrict_unprivileged_userns") == 1, !isRoot {
      return (
        "AppArmor restricts user namespaces",
        "Install the package's profile /etc/apparmor.d/ndisprotctl, and have root load it: "
          + "apparmor_parser -r /etc/apparmor.d/ndisprotctl"
      )
    }
    // A seccomp filter is inherited: 2 is SECCOMP_MODE_FILTER, proc(5).
    let isFiltered =
      text("/proc/self/status")?.split(separator: "\n").contains("Seccomp:\t2") == true
    let cause =
      if case .step(_, let error) = obstacle { error.text } else { "\(obstacle)" }
    guard isFiltered else {
      return (cause, "See user_namespaces(7), and the kernel's log")
    }
    return (
      "the seccomp filter of this container forbids user namespaces: \(cause)",
      "Give the container one that allows unshare(2), or use a client that knows the daemon"
    )
  }
}
