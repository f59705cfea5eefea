internal import CLinux
internal import Glibc

/// A thread that ends by itself, and that nobody waits for.
///
/// - Source: pthread_create(3), pthread_detach(3)
enum DetachedThread {
  /// Starts work on a new thread; false if there is none to be had.
  static func start(_ name: String, _ work: @escaping @Sendable () -> Void) -> Bool {
    let box = unsafe Unmanaged.passRetained(DetachedWork(name, work))
    var thread = pthread_t()
    guard unsafe pthread_create(&thread, nil, detachedThreadMain, box.toOpaque()) == 0 else {
      unsafe box.release()
      return false
    }
    pthread_detach(thread)
    return true
  }
}

/// What a new thread is given.
private final class DetachedWork: Sendable {
  let name: String
  let work: @Sendable () -> Void

  init(_ name: String, _ work: @escaping @Sendable () -> Void) {
    self.name = name
    self.work = work
  }
}

private nonisolated func detachedThreadMain(
  _ argument: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  guard let argument = unsafe argument else { return nil }
  let box = unsafe Unmanaged<DetachedWork>.fromOpaque(argument).takeRetainedValue()
  _ = unsafe clinux_set_thread_name(box.name)
  box.work()
  return nil
}
