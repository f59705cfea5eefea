internal import CLinux
internal import Glibc
internal import NdisprotServer

/// The control socket: inherited from the service manager, or created here and removed at the end.
struct Listener {
  let descriptor: Int32
  let path: String
  let isOwn: Bool
  /// The identity of the socket file that the daemon created.
  var made: FileIdentity?

  /// Removes the name of a socket that the daemon created, unless it has been replaced.
  func remove() { ListeningSocket.remove(path: path, made) }
}

/// Takes the inherited socket, or creates the one of `--socket` (rule D-43,
/// `ndisprotd.docc/CommandLine.md`).
func listeningSocket(_ options: DaemonOptions) throws(ListenError) -> Listener {
  if let inherited = try InheritedSockets()?.listener() { return inherited }
  // As soon as users other than the owner may connect, credentials decide, not the mode.
  let mode: UInt32 = options.allow.isEmpty && !options.interfaces.isEmpty ? 0o600 : 0o666
  let descriptor = try ListeningSocket.make(path: options.socket, mode: mode)
  return Listener(
    descriptor: descriptor, path: options.socket, isOwn: true, made: FileIdentity(options.socket))
}

/// The descriptors that the service manager passed, with their names.
///
/// - Source: sd_listen_fds_with_names(3): from descriptor 3 on, if LISTEN_PID is this process
struct InheritedSockets {
  /// `FileDescriptorName=` of the socket unit.
  static let clientName = "client"
  private static let firstDescriptor: Int32 = 3
  private let count: Int32
  private let names: [String]

  /// Reads the environment; nil if no descriptors were passed to this process.
  init?() {
    self.init(
      process: environmentText("LISTEN_PID"), count: environmentText("LISTEN_FDS"),
      names: environmentText("LISTEN_FDNAMES"), ownProcess: getpid())
  }

  init?(process: String?, count: String?, names: String?, ownProcess: Int32) {
    guard process == "\(ownProcess)", let count = count.flatMap(Int32.init), count >= 1,
      count <= 1_024
    else { return nil }
    self.count = count
    self.names =
      names?.split(separator: ":", omittingEmptySubsequences: false).map(String.init) ?? []
  }

  /// The descriptor that clients connect to: the one with that name, or the only one.
  var clientDescriptor: Int32? {
    if let index = names.firstIndex(of: InheritedSockets.clientName), index < count {
      return InheritedSockets.firstDescriptor + Int32(index)
    }
    return count == 1 ? InheritedSockets.firstDescriptor : nil
  }

  /// Hangs up on the waiting clients: each of them would start the service again, which cannot
  /// serve, until the service manager gives up on the socket.
  func turnClientsAway() {
    guard let descriptor = clientDescriptor, fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else {
      return
    }
    // Clients that connect meanwhile are left to the next start.
    for _ in 0..<4_096 {
      let client = clinux_accept(descriptor)
      guard client >= 0 else { return }
      close(client)
    }
  }

  /// Checks the clients' socket and takes ownership; other passed descriptors are closed.
  func listener() throws(ListenError) -> Listener {
    guard let descriptor = clientDescriptor else { throw .unnamed(count: Int(count)) }
    for other in 0..<count where InheritedSockets.firstDescriptor + other != descriptor {
      close(InheritedSockets.firstDescriptor + other)
    }
    let path = try ListeningSocket.adopt(descriptor)
    return Listener(descriptor: descriptor, path: path, isOwn: false)
  }
}
