internal import NdisprotClient

/// What the daemon may do, and what it allows this user.
struct PolicyChecks {
  let login: Login
  let status: StatusReply?

  var capability: Finding {
    guard let status, let process = ProcessFacts(processID: status.processID) else {
      return .fine(
        "capability", "the kernel does not show the daemon's process to \(login.userName)")
    }
    // The number of the capability; capabilities(7).
    guard process.effectiveCapabilities & (1 << 13) != 0 else {
      return .wrong(
        "capability", "the daemon has no CAP_NET_RAW",
        remedy:
          "Remove drop-ins that change AmbientCapabilities: systemctl revert ndisprotd.service; "
          + "or start it as root")
    }
    return .fine("capability", "the daemon has CAP_NET_RAW")
  }

  /// A user that no rule names sees no binding.
  func policy(_ entries: [BindingEntry]) -> Finding {
    guard entries.isEmpty else {
      let names = entries.map { $0.name.printableName }.joined(separator: ", ")
      return .fine(
        "policy",
        login.isRoot ? "root may do everything" : "rules let \(login.userName) use \(names)")
    }
    let interfaces = commandLineInterfaces
    guard interfaces.isEmpty else { return unnamed(interfaces) }
    guard !login.isRoot else {
      return .wrong(
        "policy", "no interface is bound",
        remedy:
          "Name one in [[binding]] of /etc/ndisprot/ndisprotd.toml as ip link shows it, then: "
          + "ndisprotctl reload")
    }
    let name = login.userName
    return .wrong(
      "policy", "no interface is bound, or no rule lets \(name) use one",
      remedy:
        "Ask an administrator for: ndisprotctl policy add \(name) INTERFACE PROTOCOL, such as eth0 lldp; "
        + "'ndisprotctl policy explain \(name) INTERFACE PROTOCOL' says what decides")
  }

  /// A daemon with `--interface` and `--allow` reads no rules: its command line decides.
  private func unnamed(_ interfaces: [String]) -> Finding {
    let list = interfaces.joined(separator: ", ")
    let absent = interfaces.filter { !HostFacts.hasInterface($0) }
    guard absent.count < interfaces.count || !login.isRoot else {
      return .wrong(
        "policy", "the daemon was started for \(list), and there is no such interface",
        remedy:
          "See 'ip link' for those that are there, and start it with --interface and their names")
    }
    return .wrong(
      "policy",
      "the daemon was started by hand for \(list), and its --allow does not name \(login.userName) or a "
        + "group of this login; rules in files do not count for it",
      remedy: "Have it started with --allow \(login.userName) too")
  }

  /// The values of the daemon's `--interface`; empty if it uses a configuration file, or its
  /// command line is hidden.
  private var commandLineInterfaces: [String] {
    guard let status else { return [] }
    let words =
      HostFacts.text(of: "/proc/\(status.processID)/cmdline")?.split(separator: "\0") ?? []
    var names: [String] = []
    for (index, word) in words.enumerated() {
      if word == "--interface", index + 1 < words.count {
        names.append(String(words[index + 1]).printable())
      } else if word.hasPrefix("--interface=") {
        names.append(String(word.dropFirst("--interface=".count)).printable())
      }
    }
    return names
  }
}
