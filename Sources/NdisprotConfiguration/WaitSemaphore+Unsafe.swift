internal import Glibc

/// A flag that one thread raises and another waits for, for a limited time.
///
/// - Thread: any
/// - Source: socketpair(2), poll(2), whose time is the monotonic clock's
final class WaitSemaphore: Sendable {
  private let ends: (read: Int32, write: Int32)

  init() {
    var descriptors: [Int32] = [-1, -1]
    // Without descriptors every wait lasts to its end.
    let type = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    _ = unsafe socketpair(AF_UNIX, Int32(type), 0, &descriptors)
    ends = (descriptors[0], descriptors[1])
  }

  deinit {
    close(ends.read)
    close(ends.write)
  }

  /// Lowers the flag.
  func drain() {
    var bytes = [UInt8](repeating: 0, count: 64)
    while unsafe read(ends.read, &bytes, bytes.count) > 0 {}
  }

  /// Raises the flag.
  func post() { _ = unsafe write(ends.write, [1], 1) }

  /// Waits until the flag is up, at most so long.
  func wait(milliseconds: Int) {
    var poller = pollfd(fd: ends.read, events: Int16(POLLIN), revents: 0)
    while unsafe poll(&poller, 1, Int32(clamping: milliseconds)) < 0, errno == EINTR {}
  }
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Starts a thread for which nothing waits, with all signals blocked.
///
/// - Returns: whether there is one
func startDetachedThread(_ run: @escaping @Sendable () -> Void) -> Bool {
  var all = sigset_t()
  var before = sigset_t()
  unsafe sigfillset(&all)
  unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
  defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
  let body = unsafe Unmanaged.passRetained(ThreadBody(run))
  var thread = pthread_t()
  let status = unsafe pthread_create(
    &thread, nil,
    { raw in
      guard let raw = unsafe raw else { return nil }
      unsafe Unmanaged<ThreadBody>.fromOpaque(raw).takeRetainedValue().run()
      return nil
    }, body.toOpaque())
  guard status == 0 else {
    unsafe body.release()
    return false
  }
  pthread_detach(thread)
  return true
}
