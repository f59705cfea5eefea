internal import Platform
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

/// Work scheduled on a loop.
final class LoopScheduledWork: ScheduledWork, @unchecked Sendable {
  // @unchecked: `timer` is used on the loop's thread only.
  private let loop: EventLoop
  private let work: LockedValue<(@Sendable () -> Void)?>
  /// While it is armed, the loop keeps the timer, and the timer keeps this.
  private weak var timer: LoopTimer?

  init(_ loop: EventLoop, _ work: @escaping @Sendable () -> Void) {
    self.loop = loop
    self.work = LockedValue(work)
  }

  /// Arms the timer, on the loop, unless the work was cancelled meanwhile.
  func arm(afterNanoseconds delay: UInt64) {
    guard work.withLock({ $0 != nil }) else { return }
    let timer = LoopTimer { [self] in takeWork()?() }
    self.timer = timer
    loop.arm(timer, afterNanoseconds: delay)
  }

  /// Cancels the work unless it has begun, and disarms the timer: the loop keeps no reference to
  /// it.
  func cancel() {
    guard takeWork() != nil else { return }
    if loop.isCurrent {
      disarm()
    } else {
      loop.post { [self] in disarm() }
    }
  }

  private func takeWork() -> (@Sendable () -> Void)? { work.withLock { $0.take() } }

  private func disarm() {
    if let timer { loop.disarm(timer) }
  }
}
