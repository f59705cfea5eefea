internal import Synchronization

extension Framework {
  /// Whether unloading began: nobody is let in any more.
  var isUnloading: Bool { unloadPending.load(ordering: .acquiring) }

  /// Unloads once; whoever comes second waits for the first.
  func unload(_ core: Core, _ plan: UnloadPlan) throws(UnloadBlocked) {
    guard case .driver(let driver) = core.payload else { return }
    if ThreadState.with({ $0.mustNotWait || !$0.callbacks.isEmpty }) {
      throw UnloadBlocked(reason: .wouldDeadlock, stage: 0, holders: [])
    }
    let isFirst = driver.unloading.withLock { unloading in
      guard case .notBegun = unloading else { return false }
      unloading = .running
      return true
    }
    guard isFirst else { return try joinUnload(driver, plan) }
    do throws(UnloadBlocked) {
      try runUnload(core, driver, plan)
      driver.unloading.withLock { $0 = .finished(nil) }
      progress.signal()
    } catch {
      driver.unloading.withLock { $0 = .finished(error) }
      progress.signal()
      throw error
    }
  }

  private func joinUnload(_ driver: DriverCore, _ plan: UnloadPlan) throws(UnloadBlocked) {
    try wait(plan, stage: 0) {
      if case .finished = driver.unloading.withLock({ $0 }) { true } else { false }
    }
    if case .finished(let blocked?) = driver.unloading.withLock({ $0 }) { throw blocked }
  }

  private func runUnload(
    _ core: Core, _ driver: DriverCore, _ plan: UnloadPlan
  ) throws(UnloadBlocked) {
    unloadPending.store(true, ordering: .releasing)
    trace.record(.wdf, "unload: stop", core.id)
    requestStop { $0 == .unloadBegins }
    closeSessions()
    try wait(plan, stage: 0) { liveObjectCount(of: .fileObject) == 0 }
    trace.record(.wdf, "unload: callback", core.id)
    let onUnload = driver.onUnload.withLock { $0.take() }
    if plan.callsBack, let onUnload { onUnload(Ref(core)) }
    trace.record(.wdf, "unload: workers", core.id)
    requestStop { _ in true }
    try wait(plan, stage: 3) { liveObjectCount(of: .worker) == 0 }
    trace.record(.wdf, "unload: delete", core.id)
    _ = delete(core)
    try wait(plan, stage: 4) { hasCleaned(core) }
    try wait(plan, stage: 6) { core.word.phase == .destroyed }
    try wait(plan, stage: 7) { liveObjectCount == 0 && disposeList.isIdle }
    attach(nil)
    unloadPending.store(false, ordering: .releasing)
  }

  private func hasCleaned(_ core: Core) -> Bool {
    switch core.word.phase {
    case .constructing, .live, .deleting: false
    case .deletedAndDisposed, .destroying, .destroyed, .quarantined: true
    }
  }

  private func requestStop(_ condition: (StopPhase) -> Bool) {
    for core in cores(of: .worker) {
      if case .worker(let worker) = core.payload, condition(worker.stopPhase) {
        worker.requestStop()
      }
    }
  }

  private func closeSessions() {
    for core in cores(of: .fileObject) {
      if case .file(let file) = core.payload { file.unload(core) }
    }
  }

  /// Waits for a condition, doing meanwhile what the dispose thread would: it may have ended.
  private func wait(
    _ plan: UnloadPlan, stage: Int, _ condition: () -> Bool
  ) throws(UnloadBlocked) {
    var nextWarning = monotonicNanoseconds() &+ plan.warnNanoseconds
    while true {
      let ticket = progress.ticket()
      runWhatWasPutOff()
      if condition() { return }
      let until = min(nextWarning, plan.deadlineNanoseconds)
      progress.wait(ticket, untilNanoseconds: until)
      let now = monotonicNanoseconds()
      guard now >= until else { continue }
      let holders = unloadHolders(stage: stage, now)
      if now >= nextWarning {
        warn(stage, holders)
        nextWarning = now &+ plan.warnNanoseconds
      }
      if now >= plan.deadlineNanoseconds {
        if stage >= 4 { reportLeaks() }
        throw UnloadBlocked(reason: .timedOut, stage: stage, holders: holders)
      }
    }
  }

  private func warn(_ stage: Int, _ holders: [UnloadBlocked.Holder]) {
    for holder in holders {
      reporter.report(
        .stuck, holder.object, holder.kind, holder.name,
        "unload step \(stage): held by \(holder.tag)"
          + (holder.threadID == 0 ? "" : " on thread \(holder.threadID)") + " for \(holder.age)")
    }
  }
}
