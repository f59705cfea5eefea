internal import Platform

extension Ref where Kind == Driver {
  /// Starts a thread that holds the driver until `body` has returned and its captures are released.
  ///
  /// All signals are blocked on it, and it cannot be cancelled. On it, functions that wait fail
  /// with `.wouldDeadlock`.
  /// - Arguments:
  ///   - name: names the thread (15 bytes of it) and its hold on the driver
  ///   - stopPhase: when unloading asks it to stop
  ///   - onStop: called once, on another thread, to ask it to stop; has to wake a loop that waits
  ///   - body: the thread
  /// - Throws: `.deletePending` once unloading began, `.outOfResources` if no thread can be started
  /// - Windows: IoCreateSystemThread
  public func spawnWorker(
    _ name: String, stopPhase: StopPhase = .unloadBegins,
    onStop: (@Sendable () -> Void)? = nil,
    fileID: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable (borrowing StopToken) -> Void
  ) throws(WdfError) -> Ref<Worker> {
    let framework = core.framework
    if framework.isUnloading { throw core.error(.deletePending) }
    let worker = WorkerCore(stopPhase: stopPhase, onStop: onStop, body)
    let birth = try core.birth(.worker, name, .worker(worker), .inherit, CreationSite(fileID, line))
    try core.pin(name)
    let made: ObjectHeader
    do throws(WdfError) {
      made = try framework.create(birth, nil)
    } catch {
      core.unpin(name)
      throw error
    }
    let driver = core
    let hasStarted =
      (try? SystemThread.start(name) {
        ThreadState.with { $0.isWorker = true }
        worker.run(made)
        worker.end()
        _ = framework.delete(made)
        driver.unpin(name)
        framework.progress.signal()
      }) != nil
    guard hasStarted else {
      worker.end()
      _ = framework.delete(made)
      core.unpin(name)
      throw core.error(.outOfResources)
    }
    // Unloading may have asked all workers to stop before this one was registered.
    if framework.isUnloading { worker.requestStop() }
    return Ref<Worker>(made)
  }
}

extension Ref where Kind == Worker {
  /// Asks the thread to stop; it decides how soon it does.
  public func requestStop() {
    if case .worker(let worker) = core.payload { worker.requestStop() }
  }

  /// Whether the thread's body has returned.
  public var hasEnded: Bool {
    if case .worker(let worker) = core.payload { worker.hasEnded } else { true }
  }
}
