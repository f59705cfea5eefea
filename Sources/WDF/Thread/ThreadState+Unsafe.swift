internal import CLinux
internal import Glibc

/// The key under which every thread keeps its state; glibc frees the state when the thread ends.
private let threadStateKey: pthread_key_t = {
  var key = pthread_key_t()
  _ = unsafe pthread_key_create(&key) { raw in
    guard let raw = unsafe raw else { return }
    let state = unsafe raw.assumingMemoryBound(to: ThreadState.self)
    unsafe state.deinitialize(count: 1)
    unsafe state.deallocate()
  }
  return key
}()

extension ThreadState {
  /// Lends the calling thread's state; `body` must not call anything that asks for it again.
  static func with<R>(_ body: (inout ThreadState) -> R) -> R {
    if let raw = unsafe pthread_getspecific(threadStateKey) {
      return unsafe body(&raw.assumingMemoryBound(to: ThreadState.self).pointee)
    }
    let state = UnsafeMutablePointer<ThreadState>.allocate(capacity: 1)
    unsafe state.initialize(to: ThreadState())
    _ = unsafe pthread_setspecific(threadStateKey, state)
    return unsafe body(&state.pointee)
  }
}
