internal import CLinux
internal import Glibc
internal import NdisprotServer

/// The control socket: inherited from the service manager, or made here and removed at the end.
struct Listener {
  let descriptor: Int32
  let path: String
  let isOwn: Bool

  /// Removes the name of a socket that the daemon made itself.
  func remove() {
    if isOwn { unsafe unlink(path) }
  }
}

/// Takes the inherited socket, or makes the one of `--socket` (rule D-43, `spec/cli.md`).
///
/// - Source: sd_listen_fds(3): descriptor 3, if LISTEN_PID is this process
func listeningSocket(_ options: DaemonOptions) throws(ListenError) -> Listener {
  if let process = environmentNumber("LISTEN_PID"), process == getpid(),
    let count = environmentNumber("LISTEN_FDS"), count >= 1
  {
    _ = fcntl(3, F_SETFD, FD_CLOEXEC)
    _ = fcntl(3, F_SETFL, fcntl(3, F_GETFL) | O_NONBLOCK)
    return Listener(descriptor: 3, path: "inherited", isOwn: false)
  }
  // Credentials decide, not the mode, as soon as others than the owner may come in.
  let mode: UInt32 = options.allow.isEmpty && !options.interfaces.isEmpty ? 0o600 : 0o666
  let descriptor = try ListeningSocket.make(path: options.socket, mode: mode)
  return Listener(descriptor: descriptor, path: options.socket, isOwn: true)
}

private func environmentNumber(_ name: String) -> Int32? {
  guard let text = unsafe getenv(name) else { return nil }
  return Int32(unsafe String(cString: text))
}

/// Tells the service manager what the daemon is doing, if there is one.
///
/// - Source: sd_notify(3): a datagram to the socket named in NOTIFY_SOCKET; `@` means abstract
func notifyServiceManager(_ state: String) {
  guard let text = unsafe getenv("NOTIFY_SOCKET") else { return }
  var name = Array(unsafe String(cString: text).utf8)
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  let room = MemoryLayout.size(ofValue: address.sun_path)
  guard !name.isEmpty, name.count < room else { return }
  if name[0] == UInt8(ascii: "@") { name[0] = 0 }
  unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
  let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  guard descriptor >= 0 else { return }
  defer { close(descriptor) }
  let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
  let message = Array(state.utf8)
  unsafe withUnsafePointer(to: &address) { pointer in
    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      _ = unsafe sendto(
        descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length)
    }
  }
}
