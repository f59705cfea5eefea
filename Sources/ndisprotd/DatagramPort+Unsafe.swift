internal import CLinux
internal import Glibc

/// A socket of datagrams that never waits, and the one place it sends to.
///
/// - Thread: any; one datagram is one call
/// - Source: unix(7)
struct DatagramPort: Sendable {
  private let descriptor: Int32
  private let address: sockaddr_un
  private let addressByteCount: socklen_t

  /// Makes a socket for a path, or for an abstract name behind `@`; nil if there can be none.
  init?(path: String) {
    var name = Array(path.utf8)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard !name.isEmpty, name.count < MemoryLayout.size(ofValue: address.sun_path) else {
      return nil
    }
    if name[0] == UInt8(ascii: "@") { name[0] = 0 }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
    let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
    descriptor = socket(AF_UNIX, type, 0)
    guard descriptor >= 0 else { return nil }
    self.address = address
    addressByteCount = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
  }

  /// Sends one datagram, now or not at all.
  ///
  /// - Returns: 0, or the errno: EAGAIN if the other end takes nothing at the moment
  func send(_ message: [UInt8]) -> Int32 {
    let count = unsafe withUnsafePointer(to: address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe sendto(
          descriptor, message, message.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), $0,
          addressByteCount)
      }
    }
    return count < 0 ? errno : 0
  }
}
