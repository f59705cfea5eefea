internal import CLinux
internal import Glibc

/// An epoll descriptor with room for one batch of events; closes the descriptor with itself.
///
/// - Source: epoll(7)
@safe struct EpollSet: ~Copyable {
  /// Events per batch: further ready descriptors come first in the next turn.
  static let batchCapacity = 64

  private let descriptor: Int32
  private let batch: UnsafeMutablePointer<epoll_event>

  init() throws(SystemError) {
    descriptor = try Self.makeDescriptor()
    unsafe batch = .allocate(capacity: Self.batchCapacity)
  }

  /// If epoll_pwait2(2) is missing or forbidden, this reports it, instead of a trap in `wait`.
  private static func makeDescriptor() throws(SystemError) -> Int32 {
    let descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard descriptor >= 0 else { throw SystemError(failed: "epoll_create1") }
    var event = unsafe epoll_event()
    guard unsafe clinux_epoll_wait(descriptor, &event, 1, 0) >= 0 else {
      let failure = SystemError(failed: "epoll_pwait2")
      close(descriptor)
      throw failure
    }
    return descriptor
  }

  deinit {
    unsafe batch.deallocate()
    close(descriptor)
  }

  func add(_ watched: Int32, _ interest: Interest, _ data: UInt64) throws(SystemError) {
    guard control(EPOLL_CTL_ADD, watched, interest, data) else {
      throw SystemError(failed: "epoll_ctl")
    }
  }

  func modify(_ watched: Int32, _ interest: Interest, _ data: UInt64) {
    let isDone = control(EPOLL_CTL_MOD, watched, interest, data)
    precondition(isDone, "a descriptor was closed or passed on before it was unregistered")
  }

  func remove(_ watched: Int32) {
    let isDone = control(EPOLL_CTL_DEL, watched, [], 0)
    precondition(isDone, "a descriptor was closed or passed on before it was unregistered")
  }

  private func control(
    _ operation: Int32, _ watched: Int32, _ interest: Interest, _ data: UInt64
  ) -> Bool {
    var event = unsafe epoll_event(events: interest.epollMask, data: epoll_data_t(u64: data))
    return unsafe epoll_ctl(descriptor, operation, watched, &event) == 0
  }

  /// Waits for events, indefinitely if no time is given; a signal ends the wait without events.
  func wait(nanoseconds: UInt64?) -> Int {
    let timeout = nanoseconds.map { Int64(clamping: $0) } ?? -1
    let count = unsafe clinux_epoll_wait(
      descriptor, batch, Int32(Self.batchCapacity), timeout)
    if count >= 0 { return Int(count) }
    precondition(errno == EINTR, "epoll_pwait2 refused the loop's own descriptor")
    return 0
  }

  /// One event of the last batch.
  func event(at index: Int) -> (registration: Registration, events: Interest) {
    let event = unsafe batch[index]
    return unsafe (Registration(epollData: event.data.u64), Interest(epollMask: event.events))
  }
}
