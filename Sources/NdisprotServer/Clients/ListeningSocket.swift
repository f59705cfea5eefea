internal import Glibc
public import Platform

/// Why the control socket could not be made.
public enum ListenError: Error, Hashable, Sendable {
  /// Longer than `sun_path` (107 bytes), or empty.
  case pathTooLong(String)
  /// A daemon answers on this socket already.
  case inUse(String)
  /// Something other than a socket has this name.
  case notASocket(String)
  /// A system call failed.
  case system(String, SystemError)
  /// Several descriptors were inherited, and none is named as the clients' socket.
  case unnamed(count: Int)
  /// The inherited descriptor is no socket that listens for `SOCK_SEQPACKET` connections.
  case notListening(descriptor: Int32)
}

/// The control socket, created by the daemon; under systemd it is inherited instead.
///
/// - Source: unix(7); `ndisprotd.docc/CommandLine.md`
public enum ListeningSocket {
  /// Creates and listens on a `SOCK_SEQPACKET` socket; replaces one left by a dead daemon.
  ///
  /// - Returns: the descriptor; the caller owns it
  public static func make(path: String, mode: UInt32) throws(ListenError) -> Int32 {
    guard let address = UnixAddress(path: path) else { throw .pathTooLong(path) }
    let lock = try NameLock(path)
    defer { lock.release() }
    try removeStale(path, address)
    do throws(SystemError) {
      return try bound(path, address, mode)
    } catch {
      throw .system(path, error)
    }
  }

  private static func bound(
    _ path: String, _ address: UnixAddress, _ mode: UInt32
  ) throws(SystemError) -> Int32 {
    let socket = try UnixSocket(.connection, isNonBlocking: true)
    var hasName = false
    do throws(SystemError) {
      // No access while the name appears; the final mode is set before any client can connect.
      let previous = umask(0o177)
      defer { umask(previous) }
      try socket.bind(to: address)
      hasName = true
      guard unsafe chmod(path, mode) == 0 else { throw SystemError(failed: "chmod") }
      try socket.listen(backlog: 1_024)
    } catch {
      socket.close()
      if hasName { unsafe unlink(path) }
      throw error
    }
    return socket.descriptor
  }

  /// Removes the name of a socket that this daemon created, unless another daemon has replaced it.
  ///
  /// - Parameters:
  ///   - path: the name
  ///   - made: its identity after `make`
  public static func remove(path: String, _ made: FileIdentity?) {
    guard let made, let lock = try? NameLock(path) else { return }
    defer { lock.release() }
    if FileIdentity(path) == made { unsafe unlink(path) }
  }

  /// Takes ownership of a socket that the service manager listens on.
  ///
  /// - Returns: the path it is bound to; an abstract name begins with `@`
  /// - Source: sd_is_socket_unix(3)
  public static func adopt(_ descriptor: Int32) throws(ListenError) -> String {
    let flags = fcntl(descriptor, F_GETFL)
    let socket = UnixSocket(descriptor)
    guard flags >= 0, socket.isListening,
      fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0,
      fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0
    else { throw .notListening(descriptor: descriptor) }
    return socket.name ?? "without a name"
  }

  /// Unlinks the socket of a daemon that is gone; leaves everything else alone.
  private static func removeStale(
    _ path: String, _ address: UnixAddress
  ) throws(ListenError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path) }
    do throws(SystemError) {
      // Does not block: a daemon with a full queue is alive all the same.
      let probe = try UnixSocket(.connection, isNonBlocking: true)
      defer { probe.close() }
      try probe.connect(to: address)
      throw SystemError(errno: EADDRINUSE, call: "connect")
    } catch {
      switch error.errno {
      case ECONNREFUSED: break
      case EADDRINUSE, EPROTOTYPE, EAGAIN: throw .inUse(path)
      default: throw .system(path, error)
      }
    }
    guard unsafe unlink(path) == 0 else {
      throw .system(path, SystemError(failed: "unlink"))
    }
  }
}
