internal import Platform
internal import Synchronization

/// Work deferred to a thread that may block: in order of arrival, with one runner at a time.
final class DisposeList: Sendable {
  enum Item: Sendable {
    case resume(ObjectHeader)
    case destroy(ObjectHeader)
  }

  private struct State {
    var items: [Item] = []
    var isScheduled = false
    var isRunning = false
  }

  private let state = LockedValue(State())

  /// Adds an item, and schedules a runner if none is scheduled.
  func append(_ item: Item, _ framework: Framework) {
    let mustSchedule = state.withLock { state in
      state.items.append(item)
      defer { state.isScheduled = true }
      return !state.isScheduled
    }
    if mustSchedule { schedule(framework) }
  }

  /// Schedules a runner on an executor that has just been attached, if there is work.
  func moved(_ framework: Framework) {
    let mustSchedule = state.withLock { state in
      state.isScheduled = !state.items.isEmpty
      return state.isScheduled
    }
    if mustSchedule { schedule(framework) }
  }

  private func schedule(_ framework: Framework) {
    framework.runSoon { framework.disposeList.drain(framework) }
  }

  /// Runs all items, and those that arrive meanwhile, unless another thread does.
  func drain(_ framework: Framework) {
    guard begin() else { return }
    var hasRun = false
    while let item = next() {
      hasRun = true
      ThreadState.running(self, of: framework) {
        switch item {
        case .resume(let core): framework.resume(core)
        case .destroy(let core): framework.destroy(core)
        }
      }
    }
    if hasRun { framework.progress.signal() }
  }

  /// Whether no item waits or runs.
  var isIdle: Bool { state.withLock { $0.items.isEmpty && !$0.isRunning } }

  private func begin() -> Bool {
    let isNested = ThreadState.isRunning(self)
    return state.withLock { state in
      if state.isRunning && !isNested { return false }
      state.isRunning = true
      return true
    }
  }

  private func next() -> Item? {
    let isNested = ThreadState.isRunning(self)
    return state.withLock { state in
      guard !state.items.isEmpty else {
        if !isNested { state.isRunning = false }
        state.isScheduled = false
        return nil
      }
      return state.items.removeFirst()
    }
  }
}
