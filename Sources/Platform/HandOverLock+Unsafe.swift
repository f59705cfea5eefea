internal import Glibc

/// A value behind a POSIX mutex.
///
/// Not `Synchronization.Mutex`: ThreadSanitizer does not see that one (Swift 6.3.1), and would take
/// everything that is handed from thread to thread through a mailbox for a race.
///
/// - Thread: any
/// - Source: pthread_mutex_lock(3)
@safe struct HandOverLock<Value>: ~Copyable, @unchecked Sendable {
  // @unchecked: the value is touched inside the mutex only.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let value: UnsafeMutablePointer<Value>

  init(_ initial: Value) {
    unsafe mutex = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe pthread_mutex_init(mutex, nil)
    unsafe value = .allocate(capacity: 1)
    unsafe value.initialize(to: initial)
  }

  deinit {
    unsafe value.deinitialize(count: 1)
    unsafe value.deallocate()
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
  }

  /// Runs `body`, which must not call out, with the value to itself.
  func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return unsafe body(&value.pointee)
  }
}
