internal import Glibc
internal import WDF

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

  private let large = Guarded(UserPlaces(64, ofUser: 16))

  /// A session begins: whatever the system's default is, the longest message fits.
  static func begin(_ descriptor: Int32) { set(smallByteCount, descriptor) }

  /// A session has an open that moves frames.
  ///
  /// - Returns: whether its buffer is large now; `shrink` follows then
  func grow(_ descriptor: Int32, of userID: UInt32) -> Bool {
    guard large.withLock({ $0.take(userID) }) else { return false }
    SendBuffers.set(SendBuffers.largeByteCount, descriptor)
    return true
  }

  /// The open ended; what waits to be read stays.
  func shrink(_ descriptor: Int32, of userID: UInt32) {
    SendBuffers.set(SendBuffers.smallByteCount, descriptor)
    large.withLock { $0.give(userID) }
  }

  /// Bytes of the longest message that a socket takes, where the system allows less than the longest
  /// of the protocol (`net.core.wmem_max`).
  static func longestMessage(_ descriptor: Int32) -> Int {
    var byteCount: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    unsafe getsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &byteCount, &length)
    // unix_dgram_sendmsg of the kernel.
    return max(0, Int(byteCount) - 32)
  }

  /// As much as the system allows.
  private static func set(_ byteCount: Int32, _ descriptor: Int32) {
    var byteCount = byteCount
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_SNDBUF, &byteCount, socklen_t(MemoryLayout<Int32>.size))
  }
}
