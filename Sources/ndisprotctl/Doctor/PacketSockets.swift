internal import NDIS

/// The packet sockets of this machine, which observe or take part in the traffic of an interface.
///
/// - Source: packet(7), /proc/net/packet; proc(5), /proc/PID/fd
struct PacketSockets {
  /// One socket.
  private struct Entry {
    /// 0 means every interface.
    let interfaceIndex: UInt32
    let userID: UInt32?
    let inode: Substring
  }

  private let daemonUserID: UInt32?

  private let entries: [Entry]
  /// Programs by the inodes of their sockets, as far as this user can see them.
  private let owners: [String: String]

  /// Reads the kernel's list; sockets of the daemon's user are assumed to be the daemon's.
  init(daemonUserID: UInt32?) {
    self.daemonUserID = daemonUserID
    let rows = (HostFacts.text(of: "/proc/net/packet") ?? "").split(separator: "\n").dropFirst()
    // sk RefCnt Type Proto Iface R Rmem User Inode
    entries = rows.compactMap { row in
      let fields = row.split(separator: " ")
      guard fields.count > 8, let index = UInt32(fields[4]) else { return nil }
      return Entry(interfaceIndex: index, userID: UInt32(fields[7]), inode: fields[8])
    }
    owners = entries.isEmpty ? [:] : PacketSockets.owners()
  }

  /// The number of sockets on an interface, and their owners: `the daemon's own (2), tcpdump, 1 of
  /// user root`.
  func users(of interfaceIndex: UInt32) -> String {
    let here = entries.filter {
      $0.interfaceIndex == interfaceIndex || $0.interfaceIndex == 0
    }
    guard !here.isEmpty else { return "no packet socket" }
    let counts = Dictionary(here.map { (owner(of: $0), 1) }, uniquingKeysWith: +)
    let words = counts.sorted { $0.key < $1.key }
      .map { $0.value == 1 ? $0.key : "\($0.key) (\($0.value))" }
    let others = counts.keys.contains { $0 != Self.daemon }
    return "packet sockets: \(words.joined(separator: ", "))"
      + (others ? "" : "; no other program listens")
  }

  private static let daemon = "the daemon's own"

  private func owner(of entry: Entry) -> String {
    if let name = owners[String(entry.inode)] { return name == "ndisprotd" ? Self.daemon : name }
    guard let userID = entry.userID else { return "a program that root could name" }
    // root has many programs; the daemon's account has one.
    if userID == daemonUserID, userID != 0 { return Self.daemon }
    return "a program of \(HostFacts.userName(userID)) that root could name"
  }

  private static func owners() -> [String: String] {
    var owners: [String: String] = [:]
    for process in HostFacts.names(in: "/proc") where Int(process) != nil {
      let folder = "/proc/\(process)"
      for descriptor in HostFacts.names(in: "\(folder)/fd") {
        guard let target = HostFacts.target(of: "\(folder)/fd/\(descriptor)"),
          target.hasPrefix("socket:["), target.hasSuffix("]")
        else { continue }
        let name = HostFacts.text(of: "\(folder)/comm")?.split(separator: "\n").first ?? "?"
        owners[String(target.dropFirst(8).dropLast())] = String(name).printable()
      }
    }
    return owners
  }
}
