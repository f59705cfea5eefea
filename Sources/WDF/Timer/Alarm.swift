internal import Platform
internal import Synchronization

/// One moment that an executor is to call back at: moved, disarmed, and gone off once.
///
/// Its owner decides under a lock of its own, and numbers what it decides: of two changes that reach
/// the alarm in the wrong order the newer stays. The executor is asked outside of all locks, and may run
/// work at once.
final class Alarm: Sendable {
  private struct State {
    /// The newest change.
    var version: UInt64 = 0
    /// Counts the moments asked for: what an earlier one brings is stale.
    var generation: UInt64 = 0
    /// When it goes off; nil if it is not armed.
    var time: UInt64?
    var scheduled: (any ScheduledWork)?
  }

  /// What to do outside of the lock.
  private struct Change {
    let generation: UInt64
    let old: (any ScheduledWork)?
  }

  private let state = LockedValue(State())

  /// Has `work` run at `time` and at no other; `nil` disarms.
  ///
  /// - Units: nanoseconds on the monotonic clock
  func set(
    at time: UInt64?, version: UInt64, on executor: any Executor,
    _ work: @escaping @Sendable (_ time: UInt64) -> Void
  ) {
    guard let change = change(time, version) else { return }
    change.old?.cancel()
    guard let time else { return }
    let now = monotonicNanoseconds()
    let scheduled = executor.schedule(afterNanoseconds: time - min(now, time)) { [weak self] in
      if self?.goesOff(change.generation) == true { work(time) }
    }
    let isStale = state.withLock { state in
      guard state.generation == change.generation else { return true }
      state.scheduled = scheduled
      return false
    }
    if isStale { scheduled.cancel() }
  }

  private func change(_ time: UInt64?, _ version: UInt64) -> Change? {
    state.withLock { state in
      guard version > state.version else { return nil }
      state.version = version
      guard state.time != time else { return nil }
      state.generation += 1
      state.time = time
      return Change(generation: state.generation, old: state.scheduled.take())
    }
  }

  /// Whether the moment that has come is the one asked for last.
  private func goesOff(_ generation: UInt64) -> Bool {
    state.withLock { state in
      guard state.generation == generation else { return false }
      state.generation += 1
      state.time = nil
      state.scheduled = nil
      return true
    }
  }
}
