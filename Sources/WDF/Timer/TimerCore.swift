internal import Platform
internal import Synchronization

/// A timer: its next tick, and whether its callback is running.
final class TimerCore: Sendable {
  typealias Callback = @Sendable (Ref<DeferredTimer>) -> Void

  private struct State {
    /// Counts starts, ticks and stops, for the alarm.
    var version: UInt64 = 0
    var isArmed = false
    var isRunning = false
    var isDisposing = false
    /// Threads that wait in stop: a start meanwhile is aborted.
    var stopping = 0
    var waiters: [@Sendable () -> Void] = []
    /// Dropped when the object is destroyed.
    var callback: Callback?
  }

  private let state: LockedValue<State>
  private let alarm = Alarm()
  private let periodNanoseconds: UInt64?
  private let executor: any Executor
  let parent: ObjectHeader

  init(
    parent: ObjectHeader, period: Duration?, executor: any Executor, _ callback: @escaping Callback
  ) {
    self.parent = parent
    periodNanoseconds = period?.clampedNanoseconds
    self.executor = executor
    state = LockedValue(State(callback: callback))
  }

  /// Arms the timer; true if it was armed, or if a waiting stop aborts this.
  func start(_ core: ObjectHeader, afterNanoseconds delay: UInt64) throws(WdfError) -> Bool {
    let outcome: (wasArmed: Bool, version: UInt64?)? = state.withLock { state in
      if state.isDisposing { return nil }
      if state.stopping > 0 { return (true, nil) }
      defer { state.isArmed = true }
      state.version += 1
      return (state.isArmed, state.version)
    }
    guard let outcome else { throw core.error(.deletePending) }
    if let version = outcome.version { setAlarm(core, version, delay) }
    return outcome.wasArmed
  }

  private func setAlarm(_ core: ObjectHeader, _ version: UInt64, _ delay: UInt64) {
    alarm.set(at: monotonicNanoseconds() &+ delay, version: version, on: executor) {
      [weak self] _ in self?.tick(core)
    }
  }

  /// What a tick has to do.
  private struct Tick: Sendable {
    /// Nil while the callback of the previous tick is still running: this one is skipped.
    let callback: Callback?
    /// For the next tick, if it is periodic.
    let version: UInt64
  }

  private func tick(_ core: ObjectHeader) {
    let tick: Tick? = state.withLock { state in
      guard state.isArmed, !state.isDisposing else { return nil }
      state.isArmed = periodNanoseconds != nil
      state.version += 1
      defer { state.isRunning = true }
      return Tick(callback: state.isRunning ? nil : state.callback, version: state.version)
    }
    guard let tick else { return }
    if let periodNanoseconds { setAlarm(core, tick.version, periodNanoseconds) }
    if let callback = tick.callback { run(core, callback) }
  }

  private func run(_ core: ObjectHeader, _ callback: Callback) {
    core.word.pinAgain()
    ThreadState.running(self, of: core.framework) {
      core.framework.guarded(core, "timer") { callback(Ref(core)) }
    }
    let (waiters, isOver) = state.withLock { state in
      state.isRunning = false
      defer { state.waiters = [] }
      return (state.waiters, state.isDisposing)
    }
    for waiter in waiters { waiter() }
    if isOver { core.framework.hookFinished(core) }
    core.unpinUntagged()
  }

  /// Disarms the timer; true if it was armed.
  ///
  /// `done` is called when its callback is not running.
  func stop(_ done: (@Sendable () -> Void)?) -> Bool {
    let (wasArmed, version, isQuiet) = state.withLock { state in
      let wasArmed = state.isArmed
      state.isArmed = false
      state.version += 1
      if let done, state.isRunning {
        state.stopping += 1
        state.waiters.append { [self] in
          self.state.withLock { $0.stopping -= 1 }
          done()
        }
      }
      return (wasArmed, state.version, !state.isRunning)
    }
    alarm.set(at: nil, version: version, on: executor) { _ in }
    if isQuiet { done?() }
    return wasArmed
  }

  /// Disarms permanently; true if its callback is not running.
  func dispose() -> Bool {
    state.withLock { $0.isDisposing = true }
    _ = stop(nil)
    return state.withLock { !$0.isRunning }
  }

  /// The object is destroyed: what its callback captured is released with it.
  func forget() {
    let dropped = state.withLock { $0.callback.take() }
    withExtendedLifetime(dropped) {}
  }
}

extension Ref {
  /// Creates a timer that ends with this object.
  ///
  /// - Arguments: `period`: how often it fires once started, otherwise once; `executor`: provides
  ///   time and thread, by default the framework's
  /// - Throws: `.outOfResources` if no thread can be started
  /// - Windows: WdfTimerCreate
  public func makeTimer(
    _ name: String, period: Duration? = nil, executor: (any Executor)? = nil,
    fileID: StaticString = #fileID, line: UInt = #line,
    _ callback: @escaping @Sendable (Ref<DeferredTimer>) -> Void
  ) throws(WdfError) -> Ref<DeferredTimer> {
    guard core.kind != .request else { throw core.error(.invalidRequest) }
    guard let executor = executor ?? core.framework.currentExecutor else {
      throw core.error(.outOfResources)
    }
    let timer = TimerCore(parent: core, period: period, executor: executor, callback)
    let site = CreationSite(fileID, line)
    return try Ref<DeferredTimer>(core.makePinningChild(.timer, name, .timer(timer), site))
  }
}

extension Ref where Kind == DeferredTimer {
  private var timer: TimerCore {
    get throws(WdfError) {
      guard case .timer(let timer) = core.payload else { throw core.error(.wrongType) }
      return timer
    }
  }

  /// Makes the timer fire after `delay` from now, even if it was started before.
  ///
  /// - Returns: whether it was started before, or is being stopped
  /// - Throws: `.deletePending` once deleting began
  /// - Windows: WdfTimerStart
  @discardableResult
  public func start(after delay: Duration) throws(WdfError) -> Bool {
    try timer.start(core, afterNanoseconds: delay.clampedNanoseconds)
  }

  /// Stops the timer; its callback may still be running.
  ///
  /// - Returns: whether it would have fired
  /// - Windows: WdfTimerStop
  @discardableResult
  public func stop() -> Bool { (try? timer.stop(nil)) ?? false }

  /// Stops the timer, and waits for its callback; a restart in the callback has no effect.
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
