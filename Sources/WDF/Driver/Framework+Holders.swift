internal import Synchronization

extension Framework {
  /// Everybody who keeps step `stage` of unloading from its end.
  func unloadHolders(stage: Int, _ now: UInt64) -> [UnloadBlocked.Holder] {
    switch stage {
    case 0: cores(of: .fileObject).flatMap { holders(of: $0, now) }
    case 3: cores(of: .worker).map { workerHolder($0, now) }
    default: allCores.flatMap { holders(of: $0, now) }
    }
  }

  /// Reports every object that should be gone by now, by kind and by the place where it was made.
  func reportLeaks() {
    for core in allCores {
      core.report(.leak, "\(core.lineage), \(core.site.fileID):\(core.site.line)")
    }
  }

  private var allCores: [Core] { tree.withLock { tree in tree.nodes.compactMap(\.core) } }

  private func holder(
    _ core: Core, _ tag: String, thread: Int32 = 0, since: UInt64, _ now: UInt64
  ) -> UnloadBlocked.Holder {
    UnloadBlocked.Holder(
      object: core.id, kind: core.kind, name: core.name, tag: tag, threadID: thread,
      age: Duration(nanosecondCount: now &- min(since, now)))
  }

  private func workerHolder(_ core: Core, _ now: UInt64) -> UnloadBlocked.Holder {
    let thread: Int32 = if case .worker(let worker) = core.payload { worker.threadID } else { 0 }
    return holder(core, core.name, thread: thread, since: core.creationNanoseconds, now)
  }

  /// Who holds one object: by name if the verifier keeps names, else how many there are.
  func holders(of core: Core, _ now: UInt64) -> [UnloadBlocked.Holder] {
    var found = core.holders.map {
      holder(core, $0.tag, thread: $0.threadID, since: $0.sinceNanoseconds, now)
    }
    let since = core.creationNanoseconds
    switch core.payload {
    case .file(let file) where file.pendingCount > 0:
      found.append(holder(core, counted(file.pendingCount, "request"), since: since, now))
    case .queue(let queue):
      let (queued, owned) = queue.state.withLock { ($0.queued.count, $0.ownedCount) }
      if queued + owned > 0 {
        found.append(holder(core, "\(queued) queued, \(owned) owned requests", since: since, now))
      }
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
