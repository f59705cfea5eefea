internal import Glibc
internal import Ndisprot
internal import Platform

/// Kernel memory for what clients were sent and have not read.
///
/// A session's socket holds 208 KiB, which suffices at full rate: a client that reads nothing can be sent so
/// much and no more. With an open that moves frames it holds 2 MiB, so that a client that comes late finds
/// more at once, for 64 sessions and 16 of a user; further ones stay with the small one.
///
/// - Units: what SO_SNDBUF is told; the kernel doubles it and counts its own overhead
/// - Thread: any
/// - Source: threat T6; socket(7)
final class SendBuffers: Sendable {
  private static let smallByteCount: Int32 = 104 << 10
  private static let largeByteCount: Int32 = 1 << 20

  private let large: Budget

  /// Makes large buffers for as many sessions as a budget allows.
  init(_ large: Budget) { self.large = large }

  /// A session begins: whatever the system's default is, the longest message fits.
  static func begin(_ socket: ClientSocket) { set(smallByteCount, socket.descriptor) }

  /// A session has an open that moves frames.
  ///
  /// - Returns: the charge for a large buffer, which `shrink` takes back; nil if it stays small
  func grow(_ socket: ClientSocket, of holder: Budget.Holder) -> Charge? {
    guard let charge = large.charge(to: holder) else { return nil }
    SendBuffers.set(SendBuffers.largeByteCount, socket.descriptor)
    return charge
  }

  /// The open ended; what waits to be read stays.
  func shrink(_ socket: ClientSocket, _ charge: consuming Charge) {
    SendBuffers.set(SendBuffers.smallByteCount, socket.descriptor)
    _ = consume charge
  }

  /// Bytes of the longest message that a socket takes, where the system allows less than the longest
  /// of the protocol (`net.core.wmem_max`).
  static func longestMessage(_ socket: ClientSocket) -> Int {
    var byteCount: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    unsafe getsockopt(socket.descriptor, SOL_SOCKET, SO_SNDBUF, &byteCount, &length)
    // unix_dgram_sendmsg of the kernel.
    return max(0, Int(byteCount) - 32)
  }

  /// As much as the system allows.
  private static func set(_ byteCount: Int32, _ descriptor: Int32) {
    UnixSocket(descriptor).setSendBuffer(byteCount: byteCount)
  }
}
