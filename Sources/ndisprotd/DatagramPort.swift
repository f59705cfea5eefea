internal import Glibc
internal import Platform

/// A socket of datagrams that never waits, and the one place it sends to.
///
/// - Thread: any; one datagram is one call
struct DatagramPort: Sendable {
  private let socket: UnixSocket
  private let address: UnixAddress

  /// Makes a socket for a path, or for an abstract name behind `@`; nil if there can be none.
  init?(path: String) {
    guard let address = UnixAddress(path: path, orNameBehindAt: ()),
      let socket = try? UnixSocket(.datagrams)
    else { return nil }
    self.address = address
    self.socket = socket
  }

  /// Sends one datagram, now or not at all.
  ///
  /// - Returns: 0, or the errno: EAGAIN if the other end takes nothing at the moment
  func send(_ message: [UInt8]) -> Int32 {
    switch unsafe socket.send(message.span.bytes, to: address) {
    case .done: 0
    case .wouldBlock: EAGAIN
    case .gone: EPIPE
    case .reset: ECONNRESET
    case .failed(let error): error.errno
    case .carriedDescriptors, .tooLong: EMSGSIZE
    }
  }
}
