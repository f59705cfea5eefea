internal import CLinux
internal import Glibc

/// What the waiting forms wait at: a counter that only goes up, and those who wait for it to move.
///
/// Take a ticket, look at what you wait for, then wait with the ticket: a signal in between is not
/// lost.
@safe
final class Gate: @unchecked Sendable {  // `mutex` guards `count`
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var count: UInt64 = 0

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

  /// The counter now.
  func ticket() -> UInt64 {
    _ = unsafe pthread_mutex_lock(mutex)
    defer { _ = unsafe pthread_mutex_unlock(mutex) }
    return count
  }

  /// Moves the counter and wakes everybody.
  func signal() {
    _ = unsafe pthread_mutex_lock(mutex)
    count &+= 1
    _ = unsafe pthread_cond_broadcast(condition)
    _ = unsafe pthread_mutex_unlock(mutex)
  }

  /// Waits until the counter has left `ticket`; false when `deadline` on the monotonic clock passed
  /// first.
  @discardableResult
  func wait(_ ticket: UInt64, untilNanoseconds deadline: UInt64?) -> Bool {
    _ = unsafe pthread_mutex_lock(mutex)
    defer { _ = unsafe pthread_mutex_unlock(mutex) }
    while count == ticket {
      guard let deadline else {
        _ = unsafe pthread_cond_wait(condition, mutex)
        continue
      }
      if unsafe clinux_condition_wait(condition, mutex, deadline) == ETIMEDOUT {
        return count != ticket
      }
    }
    return true
  }
}
