internal import Glibc
internal import NdisprotClient
internal import Platform

/// The checks of `doctor`, in the order in which a connection meets what they look at.
struct Checkup {
  let program: Program
  private let groupName = "ndisprot"

  /// All of them; those that need the daemon are left out where it does not answer.
  func findings() -> [Finding] {
    var all = [kernel, packetSockets] + adapter + [group, socket] + units
    do throws(ClientError) {
      let connection = try program.newConnection()
      let entries = try connection.bindings()
      all.append(
        .fine(
          "daemon",
          "it answers, and has bound \(entries.count) interface\(entries.count == 1 ? "" : "s")"))
      all += [capability(try? connection.status()), policy(entries)]
      all += entries.map(link)
      all += captures(entries, (try? connection.statistics()) ?? [])
      let sockets = PacketSockets()
      all += entries.map { otherUsers($0, sockets) }
      all += entries.compactMap(bridge)
    } catch  where error.status == .notPermitted {
      all += [.fine("daemon", "it answers"), policy([])]
    } catch {
      all.append(.wrong("daemon", "it does not answer", remedy: program.message(error)))
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
    guard program.socketPath == Connection.defaultPath else {
      return .fine("group", "\(program.socketPath) is not the service's socket and needs none")
    }
    guard let number = HostFacts.groupID(groupName) else {
      return .wrong(
        "group", "there is no group \(groupName)",
        remedy: "Make it: systemd-sysusers ndisprot.conf, or groupadd --system \(groupName)")
    }
    guard geteuid() == 0 || getegid() == number || AccountDatabase.ownGroups.contains(number)
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
    guard ServiceUnit.isSystemdHere else {
      return [.fine("unit", "systemd does not run here: the daemon is started by hand")]
    }
    return [systemd] + [ServiceUnit.socket, ServiceUnit.service].map(finding)
  }

  /// The newest directive of the sandbox, NoExecPaths=, came with 248; an older one is passed over.
  private var systemd: Finding {
    let words = HostFacts.output(of: "systemctl --version")?.split(separator: " ") ?? []
    guard words.count > 1, let version = Int(words[1].prefix { $0.isNumber }) else {
      return .fine("systemd", "it does not say which version it is")
    }
    guard version >= 248 else {
      return .wrong(
        "systemd", "version \(version) passes over some walls of the daemon's sandbox",
        remedy: "The service works all the same; update systemd to 248 or later")
    }
    return .fine("systemd", "version \(version) knows the whole sandbox")
  }

  private func finding(_ name: String) -> Finding {
    guard let unit = ServiceUnit(name) else {
      return .fine("unit", "systemd does not tell you about \(name); it tells root")
    }
    guard !unit.isMasked else {
      return .wrong(
        "unit", "\(name) is masked",
        remedy: "Unmask it: systemctl unmask \(name); then: systemctl enable --now "
          + ServiceUnit.socket)
    }
    guard unit.isLoaded else {
      return .wrong(
        "unit", "systemd has no \(name)",
        remedy: "Install the package ndisprot, or run scripts/install of its sources")
    }
    let text = unit.statusText.isEmpty ? "" : ": \(unit.statusText)"
    switch (unit.state, name) {
    case ("active", _), ("inactive", ServiceUnit.service):
      return .fine("unit", "\(name) is \(unit.state)\(text)")
    default:
      return .wrong(
        "unit", "\(name) is \(unit.state)\(text)",
        remedy: "See journalctl -u \(name); then: systemctl reset-failed \(name); "
          + "systemctl restart ndisprot.socket")
    }
  }

  private func capability(_ daemon: StatusReply?) -> Finding {
    guard let daemon, let process = ProcessFacts(processID: daemon.processID) else {
      return .fine("capability", "the kernel does not show the daemon's process to you")
    }
    // Its number; capabilities(7).
    guard process.effectiveCapabilities & (1 << 13) != 0 else {
      return .wrong(
        "capability", "the daemon has no CAP_NET_RAW",
        remedy:
          "Remove drop-ins that change AmbientCapabilities: systemctl revert ndisprotd.service; "
          + "or start it as root")
    }
    return .fine("capability", "the daemon has CAP_NET_RAW")
  }

  // MARK: The interfaces

  /// Whoever no rule names is shown no binding.
  private func policy(_ entries: [BindingEntry]) -> Finding {
    guard entries.isEmpty else {
      let names = entries.map { $0.name.printableName }.joined(separator: ", ")
      return .fine(
        "policy", geteuid() == 0 ? "root may do everything" : "rules let you use \(names)")
    }
    guard geteuid() != 0 else {
      return .wrong(
        "policy", "no interface is bound",
        remedy:
          "Name one in [[binding]] of /etc/ndisprot/ndisprotd.toml as ip link shows it, then: "
          + "ndisprotctl reload")
    }
    return .wrong(
      "policy", "no interface is bound, or no rule lets user \(geteuid()) use one",
      remedy:
        "Ask root for a [[rule]] in /etc/ndisprot/ndisprotd.toml that names you or one of your "
        + "groups; 'ndisprotctl policy explain \(geteuid()) INTERFACE ETHERTYPE' says what decides")
  }

  private func link(_ entry: BindingEntry) -> Finding {
    let name = entry.name.printableName
    guard entry.isPowered else {
      return .wrong("link", "\(name) is down", remedy: "Set it up: ip link set \(name) up")
    }
    guard entry.link != .disconnected else {
      return .wrong(
        "link", "\(name) has no carrier", remedy: "Plug the cable in, or see ethtool \(name)")
    }
    return .fine("link", "\(name) is up")
  }

  /// Rings that hold few frames, and frames that were cut.
  private func captures(
    _ entries: [BindingEntry], _ objects: [StatisticsObject]
  ) -> [Finding] {
    entries.flatMap { entry -> [Finding] in
      let counted = objects.first {
        $0.kind == .binding && $0.interfaceIndex == entry.interfaceIndex
      }
      guard let counted, let frames = counted[.ringFrames], frames > 0 else { return [] }
      let (name, bytes) = (entry.name.printable(), counted[.ringBytes] ?? 0)
      let text = "the ring of \(name) holds \(frames) frames in \(bytes.mebibytesText) MiB"
      var all: [Finding] = [.fine("ring", text)]
      if frames < 4_096, entry.mtu > 1_500 {
        all = [
          .wrong(
            "ring", "\(text): a slot of the latency profile is as long as the longest frame",
            remedy:
              "For jumbo frames write profile = \"throughput\" in its [[binding]], or a larger "
              + "ring")
        ]
      }
      if let cut = counted[.rxCut], cut > 0 {
        all.append(
          .wrong(
            "cut", "\(cut) frames of \(name) were longer than its MTU, and were cut",
            remedy:
              "Let the card merge none: ethtool -K \(name) gro off lro off, on a veth tso off "
              + "gso off at its peer; or write profile = \"throughput\" in its [[binding]]"))
      }
      return all
    }
  }

  /// Others on the same interface are no fault; who looks for missing frames wants to know of them.
  private func otherUsers(_ entry: BindingEntry, _ sockets: PacketSockets) -> Finding {
    .fine(
      "users", "\(entry.name.printableName): \(sockets.users(of: entry.interfaceIndex))")
  }

  /// A bridge keeps frames to 01:80:c2:00:00:00 … 0f for itself, as IEEE 802.1Q has it.
  private func bridge(_ entry: BindingEntry) -> Finding? {
    guard let names = entry.names else { return nil }
    let name = entry.name.printableName
    if names.kind == "bridge" {
      return .fine(
        "bridge",
        "\(name) is a bridge: it does not hear 01:80:c2:00:00:0x (STP, 802.1X, LLDP), its ports do. "
          + "Open a port for these")
    }
    guard !names.master.isEmpty else { return nil }
    let master = names.master.printableName
    return .fine(
      "bridge",
      "\(name) is a port of \(master): it hears all that arrives there, 01:80:c2:00:00:0x too, which a "
        + "bridge does not hear")
  }
}
