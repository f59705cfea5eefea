internal import Synchronization

/// A work item: whether it waits to run, and how often it is running.
final class WorkItemCore: Sendable {
  private struct State {
    var isQueued = false
    var runCount = 0
    var isDisposing = false
    var waiters: [@Sendable () -> Void] = []

    var isIdle: Bool { !isQueued && runCount == 0 }
  }

  private let state = Guarded(State())
  private let callback: @Sendable (Ref<WorkItem>) -> Void
  let parent: Core

  init(parent: Core, _ callback: @escaping @Sendable (Ref<WorkItem>) -> Void) {
    self.parent = parent
    self.callback = callback
  }

  /// Has the callback run once more; false if it was about to anyway.
  func enqueue(_ core: Core) throws(WdfError) -> Bool {
    try core.pin("enqueued")
    let outcome: Bool? = state.withLock { state in
      if state.isDisposing { return nil }
      defer { state.isQueued = true }
      return !state.isQueued
    }
    guard outcome == true else {
      core.unpin("enqueued")
      if outcome == nil { throw core.error(.deletePending) }
      return false
    }
    core.framework.post { [self] in run(core) }
    return true
  }

  private func run(_ core: Core) {
    // Cleared first, so that the callback may enqueue again; two runs may then overlap.
    state.withLock { state in
      state.isQueued = false
      state.runCount += 1
    }
    ThreadState.running(self) {
      core.framework.guarded(core, "work item") { callback(Ref(core)) }
    }
    let (waiters, isOver): ([@Sendable () -> Void], Bool) = state.withLock { state in
      state.runCount -= 1
      guard state.isIdle else { return ([], false) }
      defer { state.waiters = [] }
      return (state.waiters, state.isDisposing)
    }
    for waiter in waiters { waiter() }
    if isOver { core.framework.hookFinished(core) }
    core.unpin("enqueued")
  }

  /// Calls `done` once nothing of it is queued or running.
  func flush(_ done: @escaping @Sendable () -> Void) {
    let isIdle = state.withLock { state in
      if !state.isIdle { state.waiters.append(done) }
      return state.isIdle
    }
    if isIdle { done() }
  }

  /// Refuses further runs.
  ///
  /// From its own callback that is all: its pin keeps what it uses.
  func dispose() -> Bool {
    let isHere = ThreadState.isRunning(self)
    return state.withLock { state in
      state.isDisposing = true
      return state.isIdle || isHere
    }
  }
}

extension Ref {
  /// Makes a work item that ends with this object.
  ///
  /// - Throws: `.levelIncompatible` if it is to exclude this object's callbacks, and those may run in
  ///   dispatch sections
  /// - Windows: WdfWorkItemCreate
  public func makeWorkItem(
    _ name: String, isSerialized: Bool = false, fileID: StaticString = #fileID,
    line: UInt = #line, _ callback: @escaping @Sendable (Ref<WorkItem>) -> Void
  ) throws(WdfError) -> Ref<WorkItem> {
    guard core.kind != .request else { throw core.error(.invalidRequest) }
    if isSerialized, !core.isPassive { throw core.error(.levelIncompatible) }
    var run = callback
    if isSerialized, let lock = core.callbackLock {
      run = { item in lock.run { callback(item) } }
    }
    let item = WorkItemCore(parent: core, run)
    let site = CreationSite(fileID, line)
    return try Ref<WorkItem>(core.makePinningChild(.workItem, name, .workItem(item), site))
  }
}

extension Core {
  /// Makes a child that holds its parent until it is disposed of.
  func makePinningChild(
    _ kind: Kind, _ name: String, _ payload: Payload, _ site: CreationSite
  ) throws(WdfError) -> Core {
    let birth = try birth(kind, name, payload, .passive, site)
    try pin("\(kind) \(name)")
    do throws(WdfError) {
      return try framework.create(birth, nil)
    } catch {
      unpin("\(kind) \(name)")
      throw error
    }
  }
}

extension Ref where Kind == WorkItem {
  private var item: WorkItemCore {
    get throws(WdfError) {
      guard case .workItem(let item) = core.payload else { throw core.error(.wrongType) }
      return item
    }
  }

  /// Has the callback run soon.
  ///
  /// - Returns: false if it was waiting to run already
  /// - Throws: `.deletePending` once deleting began
  /// - Windows: WdfWorkItemEnqueue
  @discardableResult
  public func enqueue() throws(WdfError) -> Bool { try item.enqueue(core) }

  /// Waits until nothing of it is queued or running.
  ///
  /// - Throws: `.wouldDeadlock` on a worker, in a dispatch section and in its own callback; `.timedOut`
  /// - Windows: WdfWorkItemFlush
  public func flush(waitingUpTo limit: Duration? = nil) throws(WdfError) {
    let item = try item
    if ThreadState.isRunning(item) { throw core.error(.wouldDeadlock) }
    try core.wait(upTo: limit) { done throws(WdfError) in item.flush(done) }
  }
}
