internal import Platform
internal import Synchronization

extension Framework {
  /// Everything that keeps a step of unloading from finishing; never empty.
  func unloadHolders(of driver: ObjectHeader, stage: Int, _ now: UInt64) -> [UnloadBlocked.Holder] {
    var found: [UnloadBlocked.Holder] =
      switch stage {
      case 0: cores(of: .fileObject).flatMap { fileHolders($0, now) }
      case 3: cores(of: .worker).map { workerHolder($0, now) }
      default: []
      }
    if found.isEmpty { found = allCores.flatMap { holders(of: $0, now) } }
    if found.isEmpty { found = allCores.map { stateHolder($0, now) } }
    return found.isEmpty ? [stateHolder(driver, now)] : found
  }

  /// Reports every object that should be gone by now, by kind and by creation site.
  func reportLeaks() {
    for core in allCores {
      core.report(.leak, "\(core.lineage), \(core.site.fileID):\(core.site.line)")
    }
  }

  private var allCores: [ObjectHeader] { tree.withLock { tree in tree.nodes.compactMap(\.core) } }

  private func holder(
    _ core: ObjectHeader, _ tag: String, thread: Int32 = 0, since: UInt64, _ now: UInt64
  ) -> UnloadBlocked.Holder {
    UnloadBlocked.Holder(
      object: core.id, kind: core.kind, name: core.name, tag: tag, threadID: thread,
      age: Duration(nanosecondCount: nanosecondsPassed(since: since, until: now)))
  }

  private func workerHolder(_ core: ObjectHeader, _ now: UInt64) -> UnloadBlocked.Holder {
    let thread: Int32 = if case .worker(let worker) = core.payload { worker.threadID } else { 0 }
    return holder(core, core.name, thread: thread, since: core.creationNanoseconds, now)
  }

  /// A client's handle that is left, with the progress of its end, and the callbacks that it runs.
  private func fileHolders(_ core: ObjectHeader, _ now: UInt64) -> [UnloadBlocked.Holder] {
    guard case .file(let file) = core.payload else { return [] }
    return [holder(core, file.standing, since: core.creationNanoseconds, now)] + tagged(core, now)
  }

  /// An object that is left although no pin, request or callback holds it.
  private func stateHolder(_ core: ObjectHeader, _ now: UInt64) -> UnloadBlocked.Holder {
    holder(core, "its state: \(state(of: core))", since: core.creationNanoseconds, now)
  }

  private func tagged(_ core: ObjectHeader, _ now: UInt64) -> [UnloadBlocked.Holder] {
    core.holders.map {
      holder(core, $0.tag, thread: $0.threadID, since: $0.sinceNanoseconds, now)
    }
  }

  /// The holders of one object: by name if the verifier records names, otherwise their number.
  func holders(of core: ObjectHeader, _ now: UInt64) -> [UnloadBlocked.Holder] {
    var found = tagged(core, now)
    let since = core.creationNanoseconds
    switch core.payload {
    case .file(let file) where file.pendingCount > 0:
      found.append(holder(core, counted(file.pendingCount, "request"), since: since, now))
    case .queue(let queue):
      let (queued, owned, running) = queue.state.withLock {
        ($0.queued.count, $0.ownedCount, $0.passCount)
      }
      if queued + owned > 0 {
        found.append(holder(core, "\(queued) queued, \(owned) owned requests", since: since, now))
      }
      if running > 0 { found.append(holder(core, counted(running, "callback"), since: since, now)) }
    case .workItem(let item) where item.isQueued:
      found.append(holder(core, "a run that has not begun", since: since, now))
    default: break
    }
    let pins = Int(core.word.pinCount) - (core.word.phase == .deletedAndDisposed ? 0 : 1)
    if found.isEmpty, pins > 0 {
      found.append(holder(core, counted(pins, "pin"), since: since, now))
    }
    return found
  }
}

/// A number and what it counts.
private func counted(_ number: Int, _ noun: String) -> String {
  number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
}
