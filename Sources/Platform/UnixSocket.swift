internal import CLinux
internal import Glibc

/// A Unix socket for whole messages, identified by its descriptor.
///
/// - Thread: any; a socket must not be used after another thread has closed it
/// - Ownership: none; the owner of the descriptor calls `close` once
/// - Source: unix(7)
public struct UnixSocket: Sendable {
  /// The socket's number in this process.
  public let descriptor: Int32

  /// The kind of messages.
  public enum Kind: Sendable {
    /// Messages over a connection: `SOCK_SEQPACKET`.
    case connection
    /// Messages without one: `SOCK_DGRAM`.
    case datagrams
  }

  /// The result of sending or receiving a message.
  public enum Outcome: Sendable {
    /// A whole message was sent or received.
    case done(byteCount: Int)
    /// The socket is full, or empty, or the call was interrupted.
    case wouldBlock
    /// The peer is gone.
    case gone
    /// The peer is gone and left data unread; what it sent may still be received.
    case reset
    /// Descriptors were attached; the kernel has closed them.
    case carriedDescriptors
    /// It did not fit the buffer, in which this many bytes are filled.
    case tooLong(byteCount: Int)
    /// Another error.
    case failed(SystemError)
  }

  /// Wraps an existing socket.
  public init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// Creates a socket that is closed by exec.
  ///
  /// - Throws: EMFILE, ENFILE, ENOMEM of socket
  public init(_ kind: Kind, isNonBlocking: Bool = false) throws(SystemError) {
    let type = kind == .connection ? SOCK_SEQPACKET.rawValue : SOCK_DGRAM.rawValue
    let flags = SOCK_CLOEXEC.rawValue | (isNonBlocking ? SOCK_NONBLOCK.rawValue : 0)
    descriptor = socket(AF_UNIX, Int32(type | flags), 0)
    guard descriptor >= 0 else { throw SystemError(failed: "socket") }
  }

  /// Closes the descriptor.
  public func close() { _ = Glibc.close(descriptor) }

  /// Shuts the connection down in both directions, which also ends a wait on another thread.
  public func hangUp() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Binds the socket to its address.
  ///
  /// - Throws: EADDRINUSE, EACCES, ENOENT … of bind
  public func bind(to address: UnixAddress) throws(SystemError) {
    let result = unsafe address.withSocketAddress { unsafe Glibc.bind(descriptor, $0, $1) }
    guard result == 0 else { throw SystemError(failed: "bind") }
  }

  /// Accepts connections from now on.
  ///
  /// - Throws: the error of listen
  public func listen(backlog: Int32) throws(SystemError) {
    guard Glibc.listen(descriptor, backlog) == 0 else { throw SystemError(failed: "listen") }
  }

  /// Connects; blocks while the backlog is full.
  ///
  /// - Parameters:
  ///   - address: the address of the listening socket
  ///   - milliseconds: the longest wait; negative waits indefinitely
  /// - Throws: ENOENT, ECONNREFUSED, EACCES, EPROTOTYPE, EAGAIN on timeout … of connect
  public func connect(
    to address: UnixAddress, waitingAtMost milliseconds: Int32 = -1
  ) throws(SystemError) {
    if milliseconds >= 0 { setTimeout(SO_SNDTIMEO, milliseconds: max(1, milliseconds)) }
    let result = unsafe address.withSocketAddress { unsafe Glibc.connect(descriptor, $0, $1) }
    guard result == 0 else { throw SystemError(failed: "connect") }
  }

  // MARK: Options

  /// Sets the size of the send buffer, at most what the system allows; best effort.
  public func setSendBuffer(byteCount: Int32) {
    var byteCount = byteCount
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_SNDBUF, &byteCount, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Limits how long a blocking receive waits.
  ///
  /// - Returns: false if that is refused
  public func setReceiveTimeout(milliseconds: Int32) -> Bool {
    setTimeout(SO_RCVTIMEO, milliseconds: milliseconds)
  }

  @discardableResult
  private func setTimeout(_ option: Int32, milliseconds: Int32) -> Bool {
    var time = timeval(
      tv_sec: Int(milliseconds / 1_000), tv_usec: Int(milliseconds % 1_000 * 1_000))
    return unsafe setsockopt(
      descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size)) == 0
  }

  /// Whether it listens for message connections.
  public var isListening: Bool {
    option(SO_DOMAIN) == AF_UNIX && option(SO_TYPE) == Int32(SOCK_SEQPACKET.rawValue)
      && option(SO_ACCEPTCONN) == 1
  }

  private func option(_ option: Int32) -> Int32? {
    var value: Int32 = 0
    var byteCount = socklen_t(MemoryLayout<Int32>.size)
    let result = unsafe getsockopt(descriptor, SOL_SOCKET, option, &value, &byteCount)
    return result == 0 ? value : nil
  }

  /// The name that it is bound to; an abstract one begins with `@`; nil if it has none.
  public var name: String? { UnixAddress.text(ofSocket: descriptor) }

  // MARK: The peer

  /// The process at the other end when it connected: SO_PEERCRED.
  public struct Peer: Hashable, Sendable {
    /// The process.
    public let processID: Int32
    /// Its user.
    public let userID: UInt32
    /// Its primary group.
    public let groupID: UInt32
  }

  /// The process that connected, or that called listen.
  ///
  /// - Throws: the error of getsockopt
  public func peer() throws(SystemError) -> Peer {
    var credentials = clinux_ucred()
    guard unsafe clinux_peer_credentials(descriptor, &credentials) == 0 else {
      throw SystemError(failed: "getsockopt")
    }
    return Peer(processID: credentials.pid, userID: credentials.uid, groupID: credentials.gid)
  }

  /// The peer's supplementary groups: SO_PEERGROUPS; empty if the kernel does not support it.
  public var peerGroups: [UInt32] {
    var groups = [UInt32](repeating: 0, count: 64)
    var count = unsafe clinux_peer_groups(descriptor, &groups, UInt32(groups.count))
    if count > groups.count {
      groups = [UInt32](repeating: 0, count: Int(count))
      count = unsafe clinux_peer_groups(descriptor, &groups, UInt32(groups.count))
    }
    return Array(groups.prefix(max(0, Int(count))))
  }
}
