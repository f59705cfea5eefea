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
final class LoopScheduledWork: ScheduledWork {
  private let loop: EventLoop
  private let work: @Sendable () -> Void
  private let isCancelled = Atomic(false)

  init(_ loop: EventLoop, _ work: @escaping @Sendable () -> Void) {
    self.loop = loop
    self.work = work
  }

  /// The loop keeps the timer, and the timer this, until it has fired.
  func arm(afterNanoseconds delay: UInt64) {
    let timer = LoopTimer { [self] in
      if !isCancelled.load(ordering: .relaxed) { work() }
    }
    loop.arm(timer, afterNanoseconds: delay)
  }

  /// Drops the work unless it has begun; the timer itself runs out.
  func cancel() { isCancelled.store(true, ordering: .relaxed) }
}
