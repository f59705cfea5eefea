internal import Glibc
internal import NdisprotClient

/// The checks of `doctor`, in the order in which a connection meets what they look at.
struct Checkup {
  let program: Program
  private let groupName = "ndisprot"

  /// All of them; those that need the daemon are left out where it does not answer.
  func findings() -> [Finding] {
    var all = [kernel, packetSockets, group, socket] + units
    let answer = Result { try program.newConnection().bindings() }
    switch answer {
    case .success(let entries):
      all.append(.fine("daemon", "it answers, and has bound \(entries.count) interfaces"))
      all.append(capability)
      all += entries.map(link)
      all += entries.map(otherUsers)
      if entries.isEmpty {
        all.append(
          .wrong(
            "bindings", "no interface is bound, or none that you may use",
            remedy: "Name one to the daemon, and check that ip link shows it"))
      }
    case .failure(let error):
      let message = (error as? ClientError).map(program.message) ?? "\(error)"
      all.append(.wrong("daemon", "it does not answer", remedy: message))
    }
    return all
  }

  // MARK: The machine

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

  private var group: Finding {
    guard let number = HostFacts.groupID(groupName) else {
      return .wrong(
        "group", "there is no group \(groupName)",
        remedy: "Make it: systemd-sysusers ndisprot.conf, or groupadd --system \(groupName)")
    }
    var groups = [gid_t](repeating: 0, count: 1_024)
    let count = Int(unsafe getgroups(Int32(groups.count), &groups))
    guard geteuid() == 0 || getegid() == number || groups.prefix(max(0, count)).contains(number)
    else {
      return .wrong(
        "group", "you are not in the group \(groupName)",
        remedy: "Ask root for: usermod -aG \(groupName) YOU, and log in again")
    }
    return .fine("group", "\(groupName) is there, and you may use its socket")
  }

  private var socket: Finding {
    let path = program.socketPath
    guard let status = HostFacts.status(of: path) else {
      return .wrong(
        "socket", "there is no \(path)",
        remedy: "Start it: systemctl enable --now ndisprot.socket, or start ndisprotd by hand")
    }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      return .wrong(
        "socket", "\(path) is not a socket",
        remedy: "Remove it, then: systemctl restart ndisprot.socket")
    }
    guard HostFacts.mayWrite(path) else {
      return .wrong(
        "socket", "you may not connect to \(path)",
        remedy: "Join its group: usermod -aG \(groupName) YOU, and log in again")
    }
    return .fine("socket", "\(path) is there and you may connect")
  }

  // MARK: The service

  private var units: [Finding] {
    guard HostFacts.status(of: "/run/systemd/system") != nil else {
      return [.fine("unit", "systemd does not run here: the daemon is started by hand")]
    }
    return ["ndisprot.socket", "ndisprotd.service"].map(unit)
  }

  private func unit(_ name: String) -> Finding {
    let shown = HostFacts.output(
      of: "systemctl show -P LoadState -P ActiveState -P StatusText -- \(name)")
    guard let shown else {
      return .fine("unit", "systemd does not tell you about \(name); it tells root")
    }
    let lines = shown.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count >= 2, lines[0] == "loaded" else {
      return .wrong(
        "unit", "systemd has no \(name)",
        remedy: "Install the package ndisprot, or run scripts/install of its sources")
    }
    let text = lines.count > 2 && !lines[2].isEmpty ? ": \(String(lines[2]).printable())" : ""
    switch (lines[1], name) {
    case ("active", _), ("inactive", "ndisprotd.service"):
      return .fine("unit", "\(name) is \(lines[1])\(text)")
    default:
      return .wrong(
        "unit", "\(name) is \(lines[1])\(text)",
        remedy: "See journalctl -u \(name); then: systemctl reset-failed \(name); "
          + "systemctl restart ndisprot.socket")
    }
  }

  /// CAP_NET_RAW is bit 13.
  private var capability: Finding {
    guard let shown = HostFacts.output(of: "systemctl show -P MainPID ndisprotd.service"),
      let process = Int(shown.split(separator: "\n").first ?? ""), process > 0,
      let status = HostFacts.text(of: "/proc/\(process)/status"),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("CapEff:") }),
      let mask = UInt64(line.split(separator: "\t").last ?? "", radix: 16)
    else { return .fine("capability", "the daemon does not run as the service") }
    guard mask & (1 << 13) != 0 else {
      return .wrong(
        "capability", "the service has no CAP_NET_RAW",
        remedy: "Remove drop-ins that change AmbientCapabilities: systemctl revert ndisprotd")
    }
    return .fine("capability", "the service has CAP_NET_RAW")
  }

  // MARK: The interfaces

  private func link(_ entry: BindingEntry) -> Finding {
    let name = entry.name.printable()
    guard entry.isPowered else {
      return .wrong("link", "\(name) is down", remedy: "Set it up: ip link set \(name) up")
    }
    guard entry.link != .disconnected else {
      return .wrong(
        "link", "\(name) has no carrier", remedy: "Plug the cable in, or see ethtool \(name)")
    }
    return .fine("link", "\(name) is up")
  }

  /// Others on the same interface are no fault; who looks for missing frames wants to know of them.
  private func otherUsers(_ entry: BindingEntry) -> Finding {
    let name = entry.name.printable()
    let rows = (HostFacts.text(of: "/proc/net/packet") ?? "").split(separator: "\n").dropFirst()
    let index = String(entry.interfaceIndex)
    // sk RefCnt Type Proto Iface R Rmem User Inode
    let count = rows.count { row in
      let fields = row.split(separator: " ")
      return fields.count > 4 && fields[4] == index
    }
    let master = HostFacts.status(of: "/sys/class/net/\(entry.name)/master") != nil
    let words = "\(name): \(count) packet sockets, the daemon's among them"
    guard master else { return .fine("users", words) }
    return .wrong(
      "users", "\(name) belongs to a bridge or bond, which takes its frames",
      remedy: "Bind the bridge or bond itself, or take it out: ip link set \(name) nomaster")
  }
}
