internal import Glibc
internal import NdisprotClient

/// The multicast groups that programs of a namespace have joined on an interface.
///
/// The kernel sends no message when a packet socket joins a group: the list has to be polled.
///
/// - Shape: lines `[index] [name] [users] [global users] [address, 12 hex digits]`
/// - Ownership: closes the descriptor at the end
/// - Source: /proc/net/dev_mcast, proc(5)
final class GroupList {
  static let path = "/proc/self/net/dev_mcast"

  let descriptor: Int32

  /// Opens the list of the calling process's namespace; if that fails, it is empty.
  init() { descriptor = unsafe open(Self.path, O_RDONLY | O_CLOEXEC) }

  /// Takes ownership of an open list.
  init(owning descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// The groups of an interface now, in ascending order.
  func groups(of interfaceIndex: UInt32) -> [MACAddress] {
    var text: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 4_096)
    while text.count < 64 << 10 {
      let count = unsafe pread(descriptor, &room, room.count, text.count)
      guard count > 0 else { break }
      text += room[..<count]
    }
    return Self.groups(in: String(decoding: text, as: UTF8.self), of: interfaceIndex)
  }

  static func groups(in text: String, of interfaceIndex: UInt32) -> [MACAddress] {
    let addresses = text.split(separator: "\n").compactMap { line -> MACAddress? in
      let fields = line.split(separator: " ", omittingEmptySubsequences: true)
      guard fields.count >= 5, let last = fields.last, fields[0] == "\(interfaceIndex)",
        last.utf8.count == 12
      else { return nil }
      let pairs = stride(from: 0, to: 12, by: 2).map { last.dropFirst($0).prefix(2) }
      return MACAddress(pairs.joined(separator: ":"))
    }
    return Set(addresses).sorted { $0.description < $1.description }
  }
}
