internal import Glibc
internal import Platform

/// A datagram socket that never blocks, with one destination.
///
/// - Thread: any; one datagram per call
struct DatagramPort: Sendable {
  private let socket: UnixSocket
  private let address: UnixAddress

  /// Creates a socket for a path, or for an abstract name with `@` in front; nil if that fails.
  init?(path: String) {
    guard let address = UnixAddress(path: path, orNameBehindAt: ()),
      let socket = try? UnixSocket(.datagrams)
    else { return nil }
    self.address = address
    self.socket = socket
  }

  /// Sends one datagram now, or not at all.
  ///
  /// - Returns: 0, or the errno: EAGAIN if the receiver is full
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
