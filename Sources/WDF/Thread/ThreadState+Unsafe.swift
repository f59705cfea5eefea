internal import CLinux
internal import Glibc

/// The key by which glibc frees the state of a thread that ends; looking the state up by it would
/// cost more than a pin.
private let threadStateKey: pthread_key_t = {
  var key = pthread_key_t()
  _ = unsafe pthread_key_create(&key) { raw in
    guard let raw = unsafe raw else { return }
    clinux_set_thread_state(nil)
    let state = unsafe raw.assumingMemoryBound(to: ThreadState.self)
    unsafe state.deinitialize(count: 1)
    unsafe state.deallocate()
  }
  return key
}()

extension ThreadState {
  /// Passes the calling thread's state to `body`, which must not use this function again.
  static func with<R>(_ body: (inout ThreadState) -> R) -> R {
    if let raw = unsafe clinux_thread_state() {
      return unsafe body(&raw.assumingMemoryBound(to: ThreadState.self).pointee)
    }
    let state = UnsafeMutablePointer<ThreadState>.allocate(capacity: 1)
    unsafe state.initialize(to: ThreadState())
    _ = unsafe pthread_setspecific(threadStateKey, state)
    unsafe clinux_set_thread_state(state)
    return unsafe body(&state.pointee)
  }
}
