internal import CLinux
internal import Glibc

/// A lock that can be waited for until a moment: a flag behind a mutex and a condition.
@safe
final class TimedLock: @unchecked Sendable {  // `mutex` guards `isHeld`
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var isHeld = false

  init() {
    unsafe mutex = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    _ = unsafe pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    _ = unsafe pthread_condattr_init(&attributes)
    _ = unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe condition = .allocate(capacity: 1)
    unsafe condition.initialize(to: pthread_cond_t())
    _ = unsafe pthread_cond_init(condition, &attributes)
    _ = unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    _ = unsafe pthread_cond_destroy(condition)
    _ = unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Takes the lock; false when `deadline` on the monotonic clock passed first.
  func lock(untilNanoseconds deadline: UInt64?) -> Bool {
    _ = unsafe pthread_mutex_lock(mutex)
    defer { _ = unsafe pthread_mutex_unlock(mutex) }
    while isHeld {
      guard let deadline else {
        _ = unsafe pthread_cond_wait(condition, mutex)
        continue
      }
      if unsafe clinux_condition_wait(condition, mutex, deadline) == ETIMEDOUT, isHeld {
        return false
      }
    }
    isHeld = true
    return true
  }

  func unlock() {
    _ = unsafe pthread_mutex_lock(mutex)
    isHeld = false
    _ = unsafe pthread_cond_signal(condition)
    _ = unsafe pthread_mutex_unlock(mutex)
  }
}
