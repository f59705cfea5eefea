internal import Synchronization

/// A timer: what it waits for, and whether its callback is running.
final class TimerCore: Sendable {
  private struct State {
    /// Counts starts and stops: a tick of an earlier one is stale.
    var generation: UInt64 = 0
    var isArmed = false
    var isRunning = false
    var isDisposing = false
    /// Somebody waits in stop: a start meanwhile is aborted.
    var stopping = 0
    var scheduled: (any ScheduledWork)?
    var waiters: [@Sendable () -> Void] = []
  }

  private let state = Guarded(State())
  private let callback: @Sendable (Ref<Timer>) -> Void
  private let periodNanoseconds: UInt64?
  private let executor: any Executor
  let parent: Core

  init(
    parent: Core, period: Duration?, executor: any Executor,
    _ callback: @escaping @Sendable (Ref<Timer>) -> Void
  ) {
    self.parent = parent
    periodNanoseconds = period?.clampedNanoseconds
    self.executor = executor
    self.callback = callback
  }

  /// Arms the timer anew; true if it was armed, or if a stop that is being waited for aborts this.
  func start(_ core: Core, afterNanoseconds delay: UInt64) throws(WdfError) -> Bool {
    let outcome: (wasArmed: Bool, generation: UInt64?)? = state.withLock { state in
      if state.isDisposing || state.stopping > 0 {
        return state.isDisposing ? nil : (true, nil)
      }
      defer { state.isArmed = true }
      state.generation &+= 1
      state.scheduled?.cancel()
      state.scheduled = nil
      return (state.isArmed, state.generation)
    }
    guard let outcome else { throw core.error(.deletePending) }
    if let generation = outcome.generation { schedule(core, generation, delay) }
    return outcome.wasArmed
  }

  /// Asks the executor, outside of the lock, and keeps what it needs to cancel.
  private func schedule(_ core: Core, _ generation: UInt64, _ delay: UInt64) {
    let scheduled = executor.schedule(afterNanoseconds: delay) { [self] in tick(core, generation) }
    let isStale = state.withLock { state in
      guard state.generation == generation, state.isArmed else { return true }
      state.scheduled = scheduled
      return false
    }
    if isStale { scheduled.cancel() }
  }

  private func tick(_ core: Core, _ generation: UInt64) {
    let mayRun: Bool? = state.withLock { state in
      guard state.generation == generation, state.isArmed, !state.isDisposing else { return nil }
      state.scheduled = nil
      if periodNanoseconds == nil { state.isArmed = false }
      // A tick that comes while the callback is running is skipped.
      defer { state.isRunning = true }
      return !state.isRunning
    }
    guard let mayRun else { return }
    if let periodNanoseconds { schedule(core, generation, periodNanoseconds) }
    guard mayRun else { return }
    core.pinAgain("running")
    ThreadState.running(self) {
      core.framework.guarded(core, "timer") { callback(Ref(core)) }
    }
    let (waiters, isOver) = state.withLock { state in
      state.isRunning = false
      defer { state.waiters = [] }
      return (state.waiters, state.isDisposing)
    }
    for waiter in waiters { waiter() }
    if isOver { core.framework.hookFinished(core) }
    core.unpin("running")
  }

  /// Disarms the timer; true if it was armed.
  ///
  /// `done` is called when its callback is not running.
  func stop(_ done: (@Sendable () -> Void)?) -> Bool {
    let (wasArmed, scheduled, isQuiet) = state.withLock { state in
      let wasArmed = state.isArmed
      let scheduled = state.scheduled
      state.isArmed = false
      state.generation &+= 1
      state.scheduled = nil
      if let done, state.isRunning {
        state.stopping += 1
        state.waiters.append { [self] in
          self.state.withLock { $0.stopping -= 1 }
          done()
        }
      }
      return (wasArmed, scheduled, !state.isRunning)
    }
    scheduled?.cancel()
    if isQuiet { done?() }
    return wasArmed
  }

  /// Disarms for good; true if its callback is not running.
  func dispose() -> Bool {
    state.withLock { $0.isDisposing = true }
    _ = stop(nil)
    return state.withLock { !$0.isRunning }
  }
}

extension Ref {
  /// Makes a timer that ends with this object.
  ///
  /// - Arguments: `period`: how often it fires once started, else once; `executor`: whose time and
  ///   thread, else the framework's
  /// - Throws: `.outOfResources` if there is no executor
  /// - Windows: WdfTimerCreate
  public func makeTimer(
    _ name: String, period: Duration? = nil, executor: (any Executor)? = nil,
    fileID: StaticString = #fileID, line: UInt = #line,
    _ callback: @escaping @Sendable (Ref<Timer>) -> Void
  ) throws(WdfError) -> Ref<Timer> {
    guard core.kind != .request else { throw core.error(.invalidRequest) }
    guard let executor = executor ?? core.framework.executor.withLock({ $0 }) else {
      throw core.error(.outOfResources)
    }
    let timer = TimerCore(parent: core, period: period, executor: executor, callback)
    let site = CreationSite(fileID, line)
    return try Ref<Timer>(core.makePinningChild(.timer, name, .timer(timer), site))
  }
}

extension Ref where Kind == Timer {
  private var timer: TimerCore {
    get throws(WdfError) {
      guard case .timer(let timer) = core.payload else { throw core.error(.wrongType) }
      return timer
    }
  }

  /// Has the timer fire after `delay`, counted anew if it was started before.
  ///
  /// - Returns: whether it was started before, or is being stopped
  /// - Throws: `.deletePending` once deleting began
  /// - Windows: WdfTimerStart
  @discardableResult
  public func start(after delay: Duration) throws(WdfError) -> Bool {
    try timer.start(core, afterNanoseconds: delay.clampedNanoseconds)
  }

  /// Has it not fire any more; its callback may be running still.
  ///
  /// - Returns: whether it would have fired
  /// - Windows: WdfTimerStop
  @discardableResult
  public func stop() -> Bool { (try? timer.stop(nil)) ?? false }

  /// Has it not fire any more, and waits for its callback; a restart in there is defeated.
  ///
  /// - Returns: whether it would have fired
  /// - Throws: `.wouldDeadlock` on a worker, in a dispatch section and in its own callback; `.timedOut`
  /// - Windows: WdfTimerStop with Wait
  @discardableResult
  public func stop(waitingUpTo limit: Duration?) throws(WdfError) -> Bool {
    let timer = try timer
    if ThreadState.isRunning(timer) { throw core.error(.wouldDeadlock) }
    var wasArmed = false
    try core.wait(upTo: limit) { done throws(WdfError) in wasArmed = timer.stop(done) }
    return wasArmed
  }
}
