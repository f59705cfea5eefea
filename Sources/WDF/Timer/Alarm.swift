internal import Platform
internal import Synchronization

/// A callback of an executor at one moment: it can be moved and disarmed, and fires once.
///
/// Its owner decides under its own lock, and numbers its decisions: of two changes that arrive in
/// the wrong order the newer one stays. The executor is called outside all locks, and may run work
/// at once.
final class Alarm: Sendable {
  private struct State {
    /// The newest change.
    var version: UInt64 = 0
    /// Counts the requested moments: callbacks of earlier ones are stale.
    var generation: UInt64 = 0
    /// When it fires; nil if it is not armed.
    var time: UInt64?
    var scheduled: (any ScheduledWork)?
  }

  /// What to do outside the lock.
  private struct Change {
    let generation: UInt64
    let old: (any ScheduledWork)?
  }

  private let state = LockedValue(State())

  /// Runs `work` at `time` and at no other; `nil` disarms.
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

  /// Whether the moment is the one requested last.
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
