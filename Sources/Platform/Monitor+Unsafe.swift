internal import CLinux
internal import Glibc

/// A value behind a POSIX mutex, and threads that wait until it has changed.
///
/// - Thread: any
/// - Source: pthread_mutex_lock(3), pthread_cond_timedwait(3) on CLOCK_MONOTONIC
@safe
final class Monitor<Value>: @unchecked Sendable {  // `mutex` guards what `value` points to
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  /// Behind a pointer: an access that lasted over a wait would be exclusive, and an optimized build
  /// would not reload what another thread has changed.
  private let value: UnsafeMutablePointer<Value>

  init(_ initial: Value) {
    unsafe value = .allocate(capacity: 1)
    unsafe value.initialize(to: initial)
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
    unsafe value.deinitialize(count: 1)
    unsafe value.deallocate()
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Gives `body` exclusive access to the value.
  func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    _ = unsafe pthread_mutex_lock(mutex)
    defer { _ = unsafe pthread_mutex_unlock(mutex) }
    return unsafe body(&value.pointee)
  }

  /// Changes the value and wakes the threads that wait for a change.
  func change(_ body: (inout Value) -> Void) {
    withLock { value in
      body(&value)
      _ = unsafe pthread_cond_broadcast(condition)
    }
  }

  /// Waits until `isReached` is true of the value, and runs `body` on it under the same lock.
  ///
  /// - Returns: false if `deadline` on the monotonic clock passed first
  func wait(
    untilNanoseconds deadline: UInt64?, for isReached: (Value) -> Bool,
    then body: (inout Value) -> Void = { _ in }
  ) -> Bool {
    _ = unsafe pthread_mutex_lock(mutex)
    defer { _ = unsafe pthread_mutex_unlock(mutex) }
    while unsafe !isReached(value.pointee) {
      if let deadline {
        let code = unsafe clinux_condition_wait(condition, mutex, deadline)
        if unsafe code == ETIMEDOUT && !isReached(value.pointee) { return false }
      } else {
        _ = unsafe pthread_cond_wait(condition, mutex)
      }
    }
    unsafe body(&value.pointee)
    return true
  }
}
