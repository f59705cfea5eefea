internal import Platform
internal import Synchronization

extension Framework {
  /// Whether unloading the driver has begun: clients and workers are no longer admitted.
  var isUnloading: Bool {
    guard case .driver(let driver)? = driverObject?.payload else { return true }
    return driver.isUnloading
  }

  /// Unloads; a second caller waits for the first.
  ///
  /// A blocked unload can be repeated.
  func unload(_ core: ObjectHeader, _ plan: UnloadPlan) throws(UnloadBlocked) {
    guard case .driver(let driver) = core.payload else { return }
    if ThreadState.with({ $0.mustNotWait }) || holdsDriverHere {
      throw UnloadBlocked(reason: .wouldDeadlock, stage: 0, holders: [])
    }
    // Another driver can exist only if nothing of this one was left.
    if let current = driverObject, current !== core { return }
    switch driver.begin() {
    case .unload:
      do throws(UnloadBlocked) {
        try runUnload(core, driver, plan)
        end(driver, nil)
      } catch {
        end(driver, error)
        throw error
      }
    case .join(let attempt):
      try wait(core, plan) { driver.isOver(attempt: attempt) }
      if let blocked = driver.result { throw blocked }
    }
  }

  private func end(_ driver: DriverCore, _ result: UnloadBlocked?) {
    driver.end(result)
    progress.signal()
  }

  private func runUnload(
    _ core: ObjectHeader, _ driver: DriverCore, _ plan: UnloadPlan
  ) throws(UnloadBlocked) {
    trace.record(.wdf, "unload: stop", core.id)
    requestStop { $0 == .unloadBegins }
    closeSessions()
    try wait(core, plan) { liveObjectCount(of: .fileObject) == 0 }
    trace.record(.wdf, "unload: callback", core.id)
    if let onUnload = driver.takeUnloadCallback(), plan.callsBack {
      guarded(core, "unload") { onUnload(Ref(core)) }
    }
    trace.record(.wdf, "unload: workers", core.id)
    driver.enter(stage: 3)
    requestStop { _ in true }
    try wait(core, plan) { liveObjectCount(of: .worker) == 0 }
    trace.record(.wdf, "unload: delete", core.id)
    driver.enter(stage: 4)
    _ = delete(core)
    try wait(core, plan) { hasCleaned(core) }
    driver.enter(stage: 6)
    try wait(core, plan) { core.word.phase == .destroyed }
    driver.enter(stage: 7)
    try wait(core, plan) { liveObjectCount == 0 && disposeList.isIdle }
    detachExecutor()
  }

  private func hasCleaned(_ core: ObjectHeader) -> Bool {
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

  /// Waits for a condition, and meanwhile does the work of the dispose thread, which may have
  /// ended.
  private func wait(
    _ core: ObjectHeader, _ plan: UnloadPlan, _ condition: () -> Bool
  ) throws(UnloadBlocked) {
    var nextWarning = monotonicNanoseconds() &+ plan.warnNanoseconds
    while true {
      let ticket = progress.ticket()
      runWhatWasPutOff()
      if condition() { return }
      let until = min(nextWarning, plan.deadlineNanoseconds)
      if progress.wait(ticket, untilNanoseconds: until) { continue }
      let blocked = blocked(core)
      // What has ended since the last check is no longer an obstacle.
      runWhatWasPutOff()
      if condition() { return }
      warn(blocked)
      let now = monotonicNanoseconds()
      nextWarning = now &+ plan.warnNanoseconds
      if now >= plan.deadlineNanoseconds {
        if blocked.stage >= 4 { reportLeaks() }
        throw blocked
      }
    }
  }

  /// The condition that unloading waits for, with everything that delays it.
  private func blocked(_ core: ObjectHeader) -> UnloadBlocked {
    let stage = if case .driver(let driver) = core.payload { driver.stage } else { 0 }
    let holders = unloadHolders(of: core, stage: stage, monotonicNanoseconds())
    return UnloadBlocked(reason: .timedOut, stage: stage, holders: holders)
  }

  private func warn(_ blocked: UnloadBlocked) {
    for holder in blocked.holders {
      reporter.report(
        .stuck, holder.object, holder.kind, holder.name,
        "unload step \(blocked.stage): held by \(holder.tag)"
          + (holder.threadID == 0 ? "" : " on thread \(holder.threadID)") + " for \(holder.age)")
    }
  }
}
