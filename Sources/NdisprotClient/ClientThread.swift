internal import CLinux
internal import Glibc

/// A thread of the library's own, which ends when its work does.
///
/// - Source: pthread_create(3)
enum ClientThread {
  /// Starts `work` on a new thread.
  static func start(
    _ name: String, _ work: @escaping @Sendable () -> Void
  ) throws(ClientError) {
    let box = unsafe Unmanaged.passRetained(ThreadWork(name, work))
    var thread = pthread_t()
    let code = unsafe pthread_create(&thread, nil, clientThreadMain, box.toOpaque())
    guard code == 0 else {
      unsafe box.release()
      throw .system(SystemError(errno: code, call: "pthread_create"))
    }
    pthread_detach(thread)
  }
}

/// What a new thread is given.
private final class ThreadWork: Sendable {
  let name: String
  let work: @Sendable () -> Void

  init(_ name: String, _ work: @escaping @Sendable () -> Void) {
    self.name = name
    self.work = work
  }
}

private nonisolated func clientThreadMain(
  _ argument: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  guard let argument = unsafe argument else { return nil }
  let box = unsafe Unmanaged<ThreadWork>.fromOpaque(argument).takeRetainedValue()
  _ = unsafe clinux_set_thread_name(box.name)
  box.work()
  return nil
}
