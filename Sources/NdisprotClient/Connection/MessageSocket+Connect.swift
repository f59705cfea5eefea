internal import Glibc
internal import Platform

extension MessageSocket {
  /// Connects to a daemon's socket and checks the daemon's user.
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
    guard let address = UnixAddress(path: path) else {
      throw .cannotReach(path: path, SystemError(errno: ENAMETOOLONG, call: "connect"))
    }
    let socket: UnixSocket
    do throws(SystemError) {
      socket = try UnixSocket(.connection)
    } catch {
      throw .system(error)
    }
    do throws(SystemError) {
      try socket.connect(to: address, waitingAtMost: deadline.pollMilliseconds)
      return socket.descriptor
    } catch {
      socket.close()
      throw .cannotReach(path: path, error)
    }
  }
}
