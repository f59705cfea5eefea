internal import Glibc
internal import Ndisprot
internal import Platform

/// Kernel memory for what was sent to clients and is not read yet.
///
/// A session's socket holds 208 KiB, which suffices at full rate and bounds what a client that
/// never reads can cost. With an open that moves frames it holds 2 MiB, so that a client that reads
/// late finds more at once; 64 sessions, 16 per user, get that, and further ones keep the small
/// buffer.
///
/// - Units: the argument of SO_SNDBUF; the kernel doubles it and counts its own overhead
/// - Thread: any
/// - Source: threat T6; socket(7)
final class SendBufferBudget: Sendable {
  private static let smallByteCount: Int32 = 104 << 10
  private static let largeByteCount: Int32 = 1 << 20

  private let large: Budget

  /// Creates large buffers for as many sessions as a budget allows.
  init(_ large: Budget) { self.large = large }

  /// A session begins: makes room for the longest message, whatever the system's default.
  static func begin(_ socket: ClientSocket) { set(smallByteCount, socket.descriptor) }

  /// Enlarges the buffer of a session with an open that moves frames.
  ///
  /// - Returns: the charge for a large buffer, which `shrink` takes back; nil if it stays small
  func grow(_ socket: ClientSocket, of holder: Budget.Holder) -> Charge? {
    guard let charge = large.charge(to: holder) else { return nil }
    SendBufferBudget.set(SendBufferBudget.largeByteCount, socket.descriptor)
    return charge
  }

  /// The open ended: shrinks the buffer; unread data stays.
  func shrink(_ socket: ClientSocket, _ charge: consuming Charge) {
    SendBufferBudget.set(SendBufferBudget.smallByteCount, socket.descriptor)
    _ = consume charge
  }

  /// The length of the longest message that a socket takes, where the system allows less than the
  /// longest of the protocol (`net.core.wmem_max`).
  static func longestMessage(_ socket: ClientSocket) -> Int {
    var byteCount: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    unsafe getsockopt(socket.descriptor, SOL_SOCKET, SO_SNDBUF, &byteCount, &length)
    // unix_dgram_sendmsg of the kernel.
    return max(0, Int(byteCount) - 32)
  }

  /// Sets the buffer size, up to what the system allows.
  private static func set(_ byteCount: Int32, _ descriptor: Int32) {
    UnixSocket(descriptor).setSendBuffer(byteCount: byteCount)
  }
}
