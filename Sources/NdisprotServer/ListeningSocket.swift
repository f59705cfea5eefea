internal import CLinux
internal import Glibc
public import Platform

/// Why the control socket could not be made.
public enum ListenError: Error, Hashable, Sendable {
  /// Longer than `sun_path` (107 bytes), or empty.
  case pathTooLong(String)
  /// A daemon answers on this socket already.
  case inUse(String)
  /// Something else has this name.
  case notASocket(String)
  /// A system call failed.
  case system(String, SystemError)
  /// Several descriptors were inherited, and none has the clients' name.
  case unnamed(count: Int)
  /// What was inherited is no socket that listens for `SOCK_SEQPACKET` connections.
  case notListening(descriptor: Int32)
}

/// The control socket, made by hand; under systemd it is inherited instead.
///
/// - Source: unix(7); `spec/cli.md`
public enum ListeningSocket {
  /// Makes and listens on a `SOCK_SEQPACKET` socket; one that a dead daemon left is replaced.
  ///
  /// - Returns: the descriptor; the caller owns it
  public static func make(path: String, mode: UInt32) throws(ListenError) -> Int32 {
    var address = sockaddr_un()
    guard fill(&address, path) else { throw .pathTooLong(path) }
    let lock = try NameLock(path)
    defer { lock.release() }
    try removeStale(path, &address)
    let type = Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_UNIX, type, 0)
    guard descriptor >= 0 else { throw .system(path, SystemError(errno: errno, call: "socket")) }
    // Tight while the name appears; the wanted mode is set before anybody can be let in.
    let previous = umask(0o177)
    let isBound = unsafe withAddress(&address) { unsafe bind(descriptor, $0, $1) } == 0
    let bindError = SystemError(errno: errno, call: "bind")
    umask(previous)
    guard isBound else {
      close(descriptor)
      throw .system(path, bindError)
    }
    guard unsafe chmod(path, mode) == 0, listen(descriptor, 1_024) == 0 else {
      let error = SystemError(errno: errno, call: "listen")
      close(descriptor)
      unsafe unlink(path)
      throw .system(path, error)
    }
    return descriptor
  }

  /// Removes the name of a socket that this daemon made; one that another daemon has meanwhile made stays.
  ///
  /// - Parameters:
  ///   - path: the name
  ///   - made: its identity after `make`
  public static func remove(path: String, _ made: FileIdentity?) {
    guard let made, let lock = try? NameLock(path) else { return }
    defer { lock.release() }
    if FileIdentity(path) == made { unsafe unlink(path) }
  }

  /// Takes over a socket that the service manager listens on.
  ///
  /// - Returns: the path it is bound to, `@` in front of an abstract name
  /// - Source: sd_is_socket_unix(3)
  public static func adopt(_ descriptor: Int32) throws(ListenError) -> String {
    let flags = fcntl(descriptor, F_GETFL)
    guard flags >= 0, option(SO_DOMAIN, descriptor) == AF_UNIX,
      option(SO_TYPE, descriptor) == Int32(SOCK_SEQPACKET.rawValue),
      option(SO_ACCEPTCONN, descriptor) == 1,
      fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0,
      fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0
    else { throw .notListening(descriptor: descriptor) }
    return name(of: descriptor)
  }

  private static func option(_ option: Int32, _ descriptor: Int32) -> Int32? {
    var value: Int32 = 0
    var byteCount = socklen_t(MemoryLayout<Int32>.size)
    let result = unsafe getsockopt(descriptor, SOL_SOCKET, option, &value, &byteCount)
    return result == 0 ? value : nil
  }

  private static func name(of descriptor: Int32) -> String {
    var address = sockaddr_un()
    var byteCount = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(descriptor, $0, &byteCount)
      }
    }
    let count = Int(byteCount) - MemoryLayout<sa_family_t>.size
    guard result == 0, count > 0 else { return "without a name" }
    var bytes = unsafe withUnsafeBytes(of: address.sun_path) { unsafe Array($0.prefix(count)) }
    if bytes[0] == 0 { bytes[0] = UInt8(ascii: "@") }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func fill(_ address: inout sockaddr_un, _ path: String) -> Bool {
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    return unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
      guard !bytes.isEmpty, bytes.count < room.count, !bytes.contains(0) else { return false }
      unsafe room.copyBytes(from: bytes)
      return true
    }
  }

  /// Unlinks the socket of a daemon that is gone; leaves everything else alone.
  private static func removeStale(
    _ path: String, _ address: inout sockaddr_un
  ) throws(ListenError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path) }
    // Not blocking: a daemon that stands and has a full queue is there all the same.
    let type = Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let probe = socket(AF_UNIX, type, 0)
    guard probe >= 0 else { throw .system(path, SystemError(errno: errno, call: "socket")) }
    defer { close(probe) }
    if unsafe withAddress(&address, { unsafe connect(probe, $0, $1) }) == 0 { throw .inUse(path) }
    guard errno == ECONNREFUSED else {
      if errno == EPROTOTYPE || errno == EAGAIN { throw .inUse(path) }
      throw .system(path, SystemError(errno: errno, call: "connect"))
    }
    guard unsafe unlink(path) == 0 else {
      throw .system(path, SystemError(errno: errno, call: "unlink"))
    }
  }

  private static func withAddress<R>(
    _ address: inout sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
  ) -> R {
    unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
