internal import Platform
internal import Synchronization

/// A work item: whether it is queued, and how many times it is running.
final class WorkItemCore: Sendable {
  typealias Callback = @Sendable (Ref<WorkItem>) -> Void

  private struct State {
    var isQueued = false
    var runCount = 0
    var isDisposing = false
    /// Deleted from its own callback: a queued run is skipped.
    var isAbandoned = false
    var waiters: [@Sendable () -> Void] = []
    /// Dropped when the object is destroyed.
    var callback: Callback?

    var isIdle: Bool { !isQueued && runCount == 0 }
  }

  private let state: LockedValue<State>
  let parent: ObjectHeader
  /// Excludes its callback from those of its parent.
  let callbackLock: CallbackLock?

  init(parent: ObjectHeader, _ callbackLock: CallbackLock?, _ callback: @escaping Callback) {
    self.parent = parent
    self.callbackLock = callbackLock
    state = LockedValue(State(callback: callback))
  }

  var isQueued: Bool { state.withLock { $0.isQueued } }

  /// Queues the callback once; false if it was queued already.
  func enqueue(_ core: ObjectHeader) throws(WdfError) -> Bool {
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

  private func run(_ core: ObjectHeader) {
    // Cleared first, so that the callback can enqueue again; two runs may then overlap.
    let callback: Callback? = state.withLock { state in
      state.isQueued = false
      state.runCount += 1
      return state.isAbandoned ? nil : state.callback
    }
    if let callback { call(core, callback) }
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

  private func call(_ core: ObjectHeader, _ callback: Callback) {
    ThreadState.running(self, of: core.framework) {
      core.framework.guarded(core, "work item") {
        if let callbackLock {
          callbackLock.run { callback(Ref(core)) }
        } else {
          callback(Ref(core))
        }
      }
    }
  }

  /// Calls `done` once no run is queued or in progress.
  func flush(_ done: @escaping @Sendable () -> Void) {
    let isIdle = state.withLock { state in
      if !state.isIdle { state.waiters.append(done) }
      return state.isIdle
    }
    if isIdle { done() }
  }

  /// Refuses further runs; true if none is left to wait for.
  ///
  /// From its own callback there is nothing to wait for: its pin keeps what it uses, and a queued
  /// run does not begin.
  func dispose() -> Bool {
    let isHere = ThreadState.isRunning(self)
    return state.withLock { state in
      state.isDisposing = true
      if isHere { state.isAbandoned = true }
      return state.isIdle || isHere
    }
  }

  /// The object is destroyed: what its callback captured is released with it.
  func forget() {
    let dropped = state.withLock { $0.callback.take() }
    withExtendedLifetime(dropped) {}
  }
}

extension Ref {
  /// Creates a work item that ends with this object.
  ///
  /// - Throws: `.levelIncompatible` if it has to exclude this object's callbacks, and those may run
  ///   in dispatch sections
  /// - Windows: WdfWorkItemCreate
  public func makeWorkItem(
    _ name: String, isSerialized: Bool = false, fileID: StaticString = #fileID,
    line: UInt = #line, _ callback: @escaping @Sendable (Ref<WorkItem>) -> Void
  ) throws(WdfError) -> Ref<WorkItem> {
    guard core.kind != .request else { throw core.error(.invalidRequest) }
    if isSerialized, !core.isPassive { throw core.error(.levelIncompatible) }
    let item = WorkItemCore(parent: core, isSerialized ? core.callbackLock : nil, callback)
    let site = CreationSite(fileID, line)
    return try Ref<WorkItem>(core.makePinningChild(.workItem, name, .workItem(item), site))
  }
}

extension ObjectHeader {
  /// Creates a child that holds its parent until it is disposed of.
  func makePinningChild(
    _ kind: Kind, _ name: String, _ payload: Payload, _ site: CreationSite
  ) throws(WdfError) -> ObjectHeader {
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

  /// Queues a run of the callback.
  ///
  /// - Returns: false if one was queued already
  /// - Throws: `.deletePending` once deleting began
  /// - Windows: WdfWorkItemEnqueue
  @discardableResult
  public func enqueue() throws(WdfError) -> Bool { try item.enqueue(core) }

  /// Waits until no run is queued or in progress.
  ///
  /// - Throws: `.wouldDeadlock` on a worker, in a dispatch section and in its own callback; `.timedOut`
  /// - Windows: WdfWorkItemFlush
  public func flush(waitingUpTo limit: Duration? = nil) throws(WdfError) {
    let item = try item
    if ThreadState.isRunning(item) || item.callbackLock?.isHeldHere == true {
      throw core.error(.wouldDeadlock)
    }
    try core.wait(upTo: limit) { done throws(WdfError) in item.flush(done) }
  }
}
