internal import CLinux
internal import Glibc

extension MessageSocket {
  /// Connects to a daemon's socket and checks whose it is.
  ///
  /// - Throws: `.cannotReach` with ENOENT, ECONNREFUSED, EACCES, EPROTOTYPE …; `.untrustedServer`
  convenience init(path: String, by deadline: Deadline) throws(ClientError) {
    let descriptor = try MessageSocket.connected(to: path, by: deadline)
    self.init(owning: descriptor)
    try ServerTrust.check(descriptor, path: path)
  }

  private static func connected(
    to path: String, by deadline: Deadline
  ) throws(ClientError) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let capacity = MemoryLayout.size(ofValue: address.sun_path) - 1
    guard !bytes.isEmpty, bytes.count <= capacity, !bytes.contains(0) else {
      throw .cannotReach(path: path, SystemError(errno: ENAMETOOLONG, call: "connect"))
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    let type = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(AF_UNIX, type, 0)
    guard descriptor >= 0 else { throw .system(SystemError(failed: "socket")) }
    do throws(SystemError) {
      try connect(descriptor, &address, by: deadline)
      return descriptor
    } catch {
      close(descriptor)
      throw .cannotReach(path: path, error)
    }
  }

  /// A full backlog makes connect(2) wait as long as SO_SNDTIMEO says.
  private static func connect(
    _ descriptor: Int32, _ address: inout sockaddr_un, by deadline: Deadline
  ) throws(SystemError) {
    let milliseconds = deadline.pollMilliseconds
    if milliseconds >= 0 {
      var time = timeval(
        tv_sec: Int(milliseconds / 1000), tv_usec: Int(max(1, milliseconds % 1000 * 1000)))
      unsafe setsockopt(
        descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else { throw SystemError(failed: "connect") }
  }
}
