/// The requirements on this machine and this login, whether or not a daemon runs.
struct HostChecks {
  let login: Login

  var findings: [Finding] {
    [kernel, packetSockets, adapter, userNamespace, login.finding(name: HostFacts.groupName)]
      .compactMap(\.self)
  }

  /// epoll_pwait2(2) came with 5.11.
  private var kernel: Finding {
    let release = HostFacts.kernelRelease
    let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
    guard numbers.count == 2, (numbers[0], numbers[1]) < (5, 11) else {
      return .fine("kernel", "\(release) has what the daemon needs")
    }
    return .wrong("kernel", "\(release) is older than 5.11", remedy: "Boot a newer kernel")
  }

  private var packetSockets: Finding {
    guard HostFacts.status(of: "/proc/net/packet") == nil else {
      return .fine("packet", "the kernel has packet sockets")
    }
    return .wrong(
      "packet", "the kernel has no packet sockets", remedy: "Load them: modprobe af_packet")
  }

  /// Rules identify users by the numbers that the daemon sees.
  ///
  /// - Source: user_namespaces(7)
  private var userNamespace: Finding? {
    let map = HostFacts.text(of: "/proc/self/uid_map") ?? ""
    let rows = map.split(separator: "\n").map { line in
      line.split(separator: " ").compactMap { UInt32($0) }
    }
    guard !rows.isEmpty, rows != [[0, 0, .max]] else { return nil }
    return .note(
      "namespace",
      "this program runs in a user namespace: the daemon outside of it sees \(login.userName) under another "
        + "number, and rules count for that one",
      remedy: "See 'cat /proc/self/uid_map'. If the daemon's user shows as 65534 here: export "
        + "NDISPROT_TRUST=65534")
  }
}
