internal import NDIS

/// Who has packet sockets: they see, or take part in, what goes over an interface.
///
/// - Source: packet(7), /proc/net/packet; proc(5), /proc/PID/fd
struct PacketSockets {
  /// One socket.
  private struct Entry {
    /// 0 is every interface.
    let interfaceIndex: UInt32
    let inode: Substring
  }

  private let entries: [Entry]
  /// Programs by the inodes of their sockets, as far as this user may see them.
  private let owners: [String: String]

  /// Asks the kernel.
  init() {
    let rows = (HostFacts.text(of: "/proc/net/packet") ?? "").split(separator: "\n").dropFirst()
    // sk RefCnt Type Proto Iface R Rmem User Inode
    entries = rows.compactMap { row in
      let fields = row.split(separator: " ")
      guard fields.count > 8, let index = UInt32(fields[4]) else { return nil }
      return Entry(interfaceIndex: index, inode: fields[8])
    }
    owners = entries.isEmpty ? [:] : PacketSockets.owners()
  }

  /// How many there are on an interface, and whose: `ndisprotd (2), tcpdump, 1 of others`.
  func users(of interfaceIndex: UInt32) -> String {
    let own = entries.filter {
      $0.interfaceIndex == interfaceIndex || $0.interfaceIndex == 0
    }
    guard !own.isEmpty else { return "no packet socket" }
    let known = own.compactMap { owners[String($0.inode)] }
    let counts = Dictionary(known.map { ($0, 1) }, uniquingKeysWith: +)
    var words = counts.sorted { $0.key < $1.key }
      .map { $0.value == 1 ? $0.key : "\($0.key) (\($0.value))" }
    let unknown = own.count - known.count
    if unknown > 0 { words.append("\(unknown) of programs that root could name") }
    return "packet sockets of " + words.joined(separator: ", ")
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
