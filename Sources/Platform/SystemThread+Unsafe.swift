internal import CLinux
internal import Glibc

/// Detached threads; they end with their work.
///
/// - Source: pthread_create(3)
public enum SystemThread {
  /// The kernel's id of the calling thread; a later thread may get the same id.
  ///
  /// - Source: gettid(2)
  public static var currentID: Int32 { clinux_thread_id() }

  private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void
    /// The starting thread stays on processors of its own, which this one is not to inherit.
    let isOfPlacedThread = clinux_has_set_processors() != 0
    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  /// Starts a thread with all signals blocked and cancellation disabled.
  ///
  /// - Parameters:
  ///   - name: the name in the kernel, which keeps 15 bytes of it
  ///   - body: the work of the thread
  /// - Throws: EAGAIN if no thread can be created
  public static func start(
    _ name: String, _ body: @escaping @Sendable () -> Void
  ) throws(SystemError) {
    // The new thread inherits the mask, so that at no moment a signal can reach it.
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
        if start.isOfPlacedThread { clinux_restore_processors() }
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
