internal import Platform
internal import Synchronization
internal import WDF

/// A loop as the framework's source of threads and time.
///
/// - Thread: any
final class LoopExecutor: Executor {
  private let loop: EventLoop

  init(_ loop: EventLoop) { self.loop = loop }

  var isCurrent: Bool { loop.isCurrent }

  func post(_ work: @escaping @Sendable () -> Void) { loop.post(work) }

  func schedule(
    afterNanoseconds delay: UInt64, _ work: @escaping @Sendable () -> Void
  ) -> any ScheduledWork {
    let scheduled = LoopScheduledWork(loop, work)
    if loop.isCurrent {
      scheduled.arm(afterNanoseconds: delay)
    } else {
      loop.post { scheduled.arm(afterNanoseconds: delay) }
    }
    return scheduled
  }
}

/// Work that waits for its time on a loop.
///
/// - Thread: any; the timer is the loop's
final class LoopScheduledWork: ScheduledWork, @unchecked Sendable {
  // Unchecked: `timer` is touched on the loop only.
  private let loop: EventLoop
  private let work: @Sendable () -> Void
  private let isCancelled = Atomic(false)
  private var timer: LoopTimer?

  init(_ loop: EventLoop, _ work: @escaping @Sendable () -> Void) {
    self.loop = loop
    self.work = work
  }

  /// The loop keeps the timer, and the timer this, until it has fired or is disarmed.
  func arm(afterNanoseconds delay: UInt64) {
    guard !isCancelled.load(ordering: .relaxed) else { return }
    let timer = LoopTimer { [self] in
      self.timer = nil
      if !isCancelled.load(ordering: .relaxed) { work() }
    }
    self.timer = timer
    loop.arm(timer, afterNanoseconds: delay)
  }

  /// Drops the work unless it has begun, and leaves no timer behind.
  func cancel() {
    guard !isCancelled.exchange(true, ordering: .relaxed) else { return }
    if loop.isCurrent { disarm() } else { loop.post { self.disarm() } }
  }

  private func disarm() {
    guard let timer else { return }
    self.timer = nil
    loop.disarm(timer)
  }
}
