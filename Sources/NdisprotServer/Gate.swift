internal import CLinux
internal import Glibc
internal import Platform

/// Something that happens, and a thread that waits for it; a wait that succeeded shuts the gate again.
///
/// - Thread: `open` on any, `wait` on one that runs no loop
final class Gate: Sendable {
  private let descriptor: Int32

  init() throws(SystemError) {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC))
    guard descriptor >= 0 else { throw SystemError(errno: errno, call: "eventfd") }
  }

  deinit { close(descriptor) }

  /// Lets the waiting thread go on.
  func open() { eventfd_write(descriptor, 1) }

  /// Waits; false if it did not happen in time.
  func wait(milliseconds: Int32) -> Bool {
    let deadline = EventLoop.now() + UInt64(max(0, milliseconds)) * 1_000_000
    var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while true {
      let now = EventLoop.now()
      let left = now >= deadline ? 0 : Int32((deadline - now) / 1_000_000 + 1)
      if unsafe poll(&poller, 1, left) > 0 {
        var count: eventfd_t = 0
        unsafe eventfd_read(descriptor, &count)
        return true
      }
      if left == 0 { return false }
    }
  }
}
