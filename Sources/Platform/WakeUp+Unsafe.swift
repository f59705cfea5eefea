internal import CLinux
internal import Glibc

/// An eventfd that ends the loop's wait from another thread.
///
/// - Source: eventfd(2)
struct WakeUp: ~Copyable {
  let descriptor: Int32

  init() throws(SystemError) {
    let made = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard made >= 0 else { throw SystemError(failed: "eventfd") }
    descriptor = made
  }

  deinit { close(descriptor) }

  /// Makes the descriptor readable; it cannot fail but by being so already.
  func signal() {
    var one: UInt64 = 1
    _ = unsafe write(descriptor, &one, 8)
  }

  /// Makes it unreadable again.
  func clear() {
    var count: UInt64 = 0
    _ = unsafe read(descriptor, &count, 8)
  }
}
