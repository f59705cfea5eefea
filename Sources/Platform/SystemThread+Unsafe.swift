internal import CLinux
internal import Glibc

/// Threads for which nothing waits; they end when their work does.
///
/// - Source: pthread_create(3)
public enum SystemThread {
  /// The calling thread as the kernel numbers it; the number may be another thread's later.
  ///
  /// - Source: gettid(2)
  public static var currentID: Int32 { clinux_thread_id() }

  private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void
    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  /// Starts a thread with all signals blocked and its cancelling disabled.
  ///
  /// - Parameters:
  ///   - name: what the kernel shows, of which it keeps 15 bytes
  ///   - body: what the thread does
  /// - Throws: EAGAIN where there is no thread to be had
  public static func start(
    _ name: String, _ body: @escaping @Sendable () -> Void
  ) throws(SystemError) {
    // The new thread inherits the mask, so there is no moment at which a signal could reach it.
    var all = sigset_t()
    var before = sigset_t()
    _ = unsafe sigfillset(&all)
    _ = unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { _ = unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    let start = unsafe Unmanaged.passRetained(Start(name, body))
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, nil,
      { raw in
        guard let raw = unsafe raw else { return nil }
        let start = unsafe Unmanaged<Start>.fromOpaque(raw).takeRetainedValue()
        _ = pthread_setcancelstate(Int32(PTHREAD_CANCEL_DISABLE), nil)
        _ = unsafe clinux_set_thread_name(String(start.name.prefix(15)))
        start.body()
        return nil
      }, start.toOpaque())
    guard code == 0 else {
      unsafe start.release()
      throw SystemError(errno: code, call: "pthread_create")
    }
    pthread_detach(thread)
  }
}
