internal import NdisprotClient

/// The interfaces that the daemon has bound, one by one.
struct InterfaceChecks {
  private let entries: [BindingEntry]
  private let objects: [StatisticsObject]
  private let sockets: PacketSockets

  /// Takes the daemon's description of them; the rest is read from the kernel.
  init(_ entries: [BindingEntry], _ objects: [StatisticsObject], daemonUserID: UInt32?) {
    self.entries = entries
    self.objects = objects
    sockets = PacketSockets(daemonUserID: daemonUserID)
  }

  var findings: [Finding] {
    entries.flatMap { entry in
      [link(entry)] + capture(entry) + [otherUsers(entry)] + [offload(entry)].compactMap(\.self)
        + bridge(entry)
    }
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
    guard entry.state != .paused, entry.state != .pausing else {
      return .note(
        "link", "\(name) is paused: no frame moves", remedy: "ndisprotctl restart \(name)")
    }
    return .fine("link", "\(name) is up")
  }

  /// Rings that hold few frames, and frames that were cut.
  private func capture(_ entry: BindingEntry) -> [Finding] {
    let counted = objects.first {
      $0.kind == .binding && $0.interfaceIndex == entry.interfaceIndex
    }
    guard let counted, let frames = counted[.ringFrames], frames > 0 else { return [] }
    let (name, bytes) = (entry.name.printableName, counted[.ringBytes] ?? 0)
    let text = "the ring of \(name) holds \(frames) frames in \(bytes.mebibytesText) MiB"
    var all: [Finding] = [.fine("ring", text)]
    if frames < 4_096, entry.mtu > 1_500 {
      all = [
        .wrong(
          "ring", "\(text): a slot of the latency profile is as long as the longest frame",
          remedy:
            "For jumbo frames write profile = \"throughput\" in its [[binding]], or a larger ring")
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

  /// Other programs on an interface are no fault; a user that misses frames may want to know of
  /// them.
  private func otherUsers(_ entry: BindingEntry) -> Finding {
    .fine(
      "users", "\(entry.name.printableName): \(sockets.users(of: entry.interfaceIndex))")
  }

  /// Frames that the kernel or the NIC merged are longer than on the wire, and fewer.
  private func offload(_ entry: BindingEntry) -> Finding? {
    let merging = ReceiveOffload.merging(entry.name, interfaceIndex: entry.interfaceIndex)
    guard !merging.isEmpty else { return nil }
    let name = entry.name.printableName
    let features = merging.map { $0.uppercased() }.joined(separator: " and ")
    return .note(
      "offload",
      "\(name) merges TCP and UDP frames that arrive (\(features)): a reader sees fewer and longer ones "
        + "than the wire has; frames of other protocols are not merged",
      remedy: "To see each: ethtool -K \(name) "
        + merging.map { "\($0) off" }.joined(separator: " "))
  }

  /// A bridge does not forward frames to 01:80:c2:00:00:00 … 0f, as IEEE 802.1Q requires.
  private func bridge(_ entry: BindingEntry) -> [Finding] {
    guard let names = entry.names else { return [] }
    let name = entry.name.printableName
    if names.kind == "bridge" {
      return [
        .note(
          "bridge",
          "\(name) is a bridge: it does not hear 01:80:c2:00:00:0x (STP, 802.1X, LLDP), its ports do; "
            + forwarding(entry.name),
          remedy: "Open a port for these")
      ]
    }
    guard !names.master.isEmpty else { return [] }
    let master = names.master.printableName
    return [
      .fine(
        "bridge",
        "\(name) is a port of \(master): it hears all that arrives there, 01:80:c2:00:00:0x too, which "
          + "a bridge does not hear")
    ]
  }

  /// Which of these groups a bridge forwards between its ports.
  ///
  /// - Source: the bridge's group_fwd_mask, one bit for each last digit
  private func forwarding(_ name: String) -> String {
    let text = HostFacts.text(of: "/sys/class/net/\(name)/bridge/group_fwd_mask") ?? ""
    let digits = text.split(separator: "\n").first?.dropFirst(2) ?? ""
    guard let mask = UInt32(digits, radix: 16), mask != 0 else {
      return "nor does it pass them on from port to port"
    }
    let passed = (0..<16).filter { mask & (1 << $0) != 0 }.map { String($0, radix: 16) }
    return "of these it passes on 0\(passed.joined(separator: ", 0")) from port to port"
  }
}
