internal import Platform
internal import Synchronization

// Requests with a deadline: a heap of the deadlines, and one alarm for the earliest.

extension QueueCore {
  /// The driver, which holds the request, sets or removes its deadline.
  func changeDeadline(_ request: RequestCore) {
    state.withLock { state in
      if let deadline = request.deadline {
        state.setDeadline(request, deadline)
      } else {
        _ = state.takeDeadline(request)
      }
    }
    setAlarm()
  }

  /// A request is moving to another queue: removes its deadline from this one, and returns it.
  func takeDeadline(_ request: RequestCore) -> UInt64? {
    let deadline = state.withLock { $0.takeDeadline(request) }
    if deadline != nil { setAlarm() }
    return deadline
  }

  /// The other queue refused the request, which keeps its deadline here.
  func restoreDeadline(_ request: RequestCore, _ deadline: UInt64?) {
    guard let deadline else { return }
    state.withLock { $0.setDeadline(request, deadline) }
    setAlarm()
  }

  /// Arms the alarm for the earliest deadline, or disarms it.
  func setAlarm() {
    let (first, version, executor, core) = state.withLock { state in
      state.alarmVersion += 1
      return (
        state.deadlines.nextDeadline, state.alarmVersion, state.configuration.executor, state.core
      )
    }
    guard let executor = executor ?? core?.framework.currentExecutor else { return }
    alarm.set(at: first, version: version, on: executor) { [weak self] time in
      self?.endTimedOut(time)
    }
  }

  /// Cancels every request that timed out; the executor's clock may differ from ours.
  private func endTimedOut(_ time: UInt64) {
    let now = max(time, monotonicNanoseconds())
    while let request = state.withLock({ $0.deadlines.popDue(now) }) {
      _ = request.cancel(marking: RequestCore.timedOutFlag)
    }
    setAlarm()
  }
}
