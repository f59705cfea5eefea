internal import CLinux
internal import Glibc

/// A descriptor that one thread makes readable and another one waits for.
///
/// - Thread: any
/// - Source: eventfd(2)
public struct EventDescriptor: ~Copyable, Sendable {
  /// The descriptor to poll; closed with this value.
  public let descriptor: Int32

  /// Creates one that is not readable.
  ///
  /// - Throws: EMFILE, ENFILE, ENOMEM of eventfd
  public init() throws(SystemError) {
    let made = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    guard made >= 0 else { throw SystemError(failed: "eventfd") }
    descriptor = made
  }

  deinit { close(descriptor) }

  /// Makes the descriptor readable; fails only if it is readable already.
  ///
  /// May be called in a signal handler.
  public func signal() {
    var one: UInt64 = 1
    _ = unsafe write(descriptor, &one, 8)
  }

  /// Makes it unreadable again.
  public func clear() {
    var count: UInt64 = 0
    _ = unsafe read(descriptor, &count, 8)
  }
}
