internal import Platform
internal import Synchronization

extension Ref {
  /// Waits until the object is destroyed; `VE-STUCK` reports how long it takes.
  ///
  /// - Throws: `.wouldDeadlock` on a worker, in a dispatch section, in a body that borrows the object's
  ///   context, and in a callback of the object or of one below it; `.timedOut`
  public func waitForDestroy(upTo limit: Duration? = nil) throws(WdfError) {
    if core.framework.endsBehindCaller(core) { throw core.error(.wouldDeadlock) }
    try core.wait(upTo: limit) { [core] done throws(WdfError) in
      core.framework.whenDestroyed(core, done)
    }
  }
}

extension ObjectHeader {
  /// Begins an operation that calls back at its end, and waits for that.
  ///
  /// On the executor's own thread, deferred work runs meanwhile, because no other thread would run
  /// it.
  func wait(
    upTo limit: Duration?,
    _ begin: (@escaping @Sendable () -> Void) throws(WdfError) -> Void
  ) throws(WdfError) {
    if ThreadState.with({ $0.mustNotWait }) { throw error(.wouldDeadlock) }
    let isDone = OneTimeFlag()
    let progress = framework.progress
    try begin {
      isDone.set()
      progress.signal()
    }
    let start = monotonicNanoseconds()
    let deadline = limit.map { start &+ $0.clampedNanoseconds }
    let period = framework.stuckNanoseconds
    var nextReport = start &+ period
    while true {
      let ticket = progress.ticket()
      if framework.isOnExecutor { framework.runWhatWasPutOff() }
      if isDone.isSet { return }
      let until = min(deadline ?? .max, nextReport)
      if progress.wait(ticket, untilNanoseconds: until) { continue }
      if isDone.isSet { return }
      if let deadline, monotonicNanoseconds() >= deadline { throw error(.timedOut) }
      nextReport &+= period
      report(.stuck, "waited \(period / 1_000_000) ms more: \(stuckDetail)")
    }
  }

  private var stuckDetail: String {
    guard case .queue(let queue) = payload else { return "" }
    return queue.state.withLock { "queued \($0.queued.count), owned \($0.ownedCount)" }
  }
}

/// A flag set once by one thread and read by another.
private final class OneTimeFlag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .acquiring) }
  func set() { value.store(true, ordering: .releasing) }
}

extension Framework {
  /// Whether an object can be destroyed only after the caller has returned: the caller borrows it,
  /// or is a callback of it or of an object below it.
  func endsBehindCaller(_ core: ObjectHeader) -> Bool {
    if ThreadState.with({ $0.borrows.contains(ObjectIdentifier(core)) }) { return true }
    guard ThreadState.isRunning(self) else { return false }
    return tree.withLock { tree in
      tree.nodes.contains { node in
        guard let running = node.core, running.hasCallbackHere else { return false }
        return tree.isBelow(running, core)
      }
    }
  }

  /// Whether the driver can end only after the caller has returned.
  var holdsDriverHere: Bool {
    if ThreadState.isRunning(self) { return true }
    guard ThreadState.with({ !$0.borrows.isEmpty }) else { return false }
    return tree.withLock { tree in
      tree.nodes.contains { node in
        guard let core = node.core else { return false }
        return ThreadState.with { $0.borrows.contains(ObjectIdentifier(core)) }
      }
    }
  }
}

extension ObjectHeader {
  /// Whether a callback of the object, or of what it carries, runs on this thread.
  var hasCallbackHere: Bool {
    if ThreadState.isRunning(self) { return true }
    return switch payload {
    case .queue(let queue): ThreadState.isRunning(queue)
    case .timer(let timer): ThreadState.isRunning(timer)
    case .workItem(let item): ThreadState.isRunning(item)
    default: false
    }
  }
}

extension Tree {
  /// Whether `core` is `ancestor` or below it, including objects that are being deleted separately.
  func isBelow(_ core: ObjectHeader, _ ancestor: ObjectHeader) -> Bool {
    var slot = slot(core.id)
    while let found = slot {
      if nodes[found].core === ancestor { return true }
      slot = nodes[found].parent ?? nodes[found].departsFrom.flatMap { self.slot($0) }
    }
    return false
  }
}
