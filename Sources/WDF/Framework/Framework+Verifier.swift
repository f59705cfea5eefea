internal import Synchronization

extension Framework {
  /// Runs a callback of an object: it counts as a holder while it runs, functions that would wait
  /// for it fail in it, and it must leave the thread's state unchanged.
  func guarded<R: ~Copyable>(_ core: ObjectHeader, _ callback: StaticString, _ body: () -> R) -> R {
    let tag = "running: \(callback)"
    core.addTag(tag)
    defer { core.removeTag(tag) }
    return checked(core, callback, body)
  }

  /// ``guarded(_:_:_:)`` for callbacks about requests, which are counted by their queue.
  func checked<R: ~Copyable>(_ core: ObjectHeader, _ callback: StaticString, _ body: () -> R) -> R {
    guard verifier != .off else { return ThreadState.running(core, of: self, body) }
    let before = ThreadState.with { ($0.heldLocks.count, $0.criticalRegionDepth) }
    let result = ThreadState.running(core, of: self, body)
    let after = ThreadState.with { ($0.heldLocks.count, $0.criticalRegionDepth) }
    if before != after {
      let held = ThreadState.with { $0.heldLocks.map(\.name) }
      core.report(
        .lockLeak, "\(callback) left \(after.1 - before.1) critical regions, locks \(held)")
    }
    return result
  }

  /// After how long a waiting function reports it.
  var stuckNanoseconds: UInt64 { stuckPeriod.load(ordering: .relaxed) }
}
