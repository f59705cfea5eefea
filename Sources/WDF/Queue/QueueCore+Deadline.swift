internal import Platform
internal import Synchronization

// Requests that must end in time: a heap of their deadlines, and one alarm for the earliest.

extension QueueCore {
  /// The driver, which has the request, gives it a deadline or takes it away.
  func changeDeadline(_ request: RequestCore) {
    state.withLock { state in
      if let deadline = request.deadline {
        state.deadlines.insert(request, deadline: deadline)
      } else {
        state.deadlines.remove(request)
      }
    }
    setAlarm()
  }

  /// A request is on its way to another queue: takes its deadline off this one, and returns it.
  func takeDeadline(_ request: RequestCore) -> UInt64? {
    let deadline = state.withLock { $0.deadlines.remove(request) }
    if deadline != nil { setAlarm() }
    return deadline
  }

  /// The other queue refused the request, which stays with its deadline.
  func restoreDeadline(_ request: RequestCore, _ deadline: UInt64?) {
    guard let deadline else { return }
    state.withLock { $0.deadlines.insert(request, deadline: deadline) }
    setAlarm()
  }

  /// Arms the alarm for the earliest deadline there is, or disarms it.
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

  /// Cancels every request whose time is up; the executor's clock may be another than ours.
  private func endTimedOut(_ time: UInt64) {
    let now = max(time, monotonicNanoseconds())
    while let request = state.withLock({ $0.deadlines.popDue(now) }) {
      _ = request.cancel(marking: RequestCore.timedOutFlag)
    }
    setAlarm()
  }
}
