internal import Synchronization

extension Ref {
  /// Waits until the object is destroyed; `VE-STUCK` tells how long that takes.
  ///
  /// - Throws: `.wouldDeadlock` on a worker and in a dispatch section; `.timedOut`
  public func waitForDestroy(upTo limit: Duration? = nil) throws(WdfError) {
    try core.wait(upTo: limit) { [core] done throws(WdfError) in
      core.framework.whenDestroyed(core, done)
    }
  }
}

extension Core {
  /// Begins an operation that ends by calling back, and waits for that.
  func wait(
    upTo limit: Duration?,
    _ begin: (@escaping @Sendable () -> Void) throws(WdfError) -> Void
  ) throws(WdfError) {
    if ThreadState.with({ $0.mustNotWait }) { throw error(.wouldDeadlock) }
    if case .queue(let queue) = payload, ThreadState.isRunning(queue) {
      throw error(.wouldDeadlock)
    }
    let gate = Gate()
    let ticket = gate.ticket()
    try begin { gate.signal() }
    let start = monotonicNanoseconds()
    let deadline = limit.map { start &+ $0.clampedNanoseconds }
    let period = framework.stuckNanoseconds
    var nextReport = start &+ period
    while true {
      let until = min(deadline ?? .max, nextReport)
      if gate.wait(ticket, untilNanoseconds: until) { return }
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
