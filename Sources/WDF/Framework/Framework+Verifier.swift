internal import Synchronization

extension Framework {
  /// Runs a callback of an object and checks that it left the thread as it found it.
  func guarded<R: ~Copyable>(_ core: Core, _ callback: StaticString, _ body: () -> R) -> R {
    guard verifier != .off else { return body() }
    let before = ThreadState.with { ($0.heldLocks.count, $0.criticalRegionDepth) }
    let result = body()
    let after = ThreadState.with { ($0.heldLocks.count, $0.criticalRegionDepth) }
    if before != after {
      let held = ThreadState.with { $0.heldLocks.map(\.name) }
      core.report(
        .lockLeak, "\(callback) left \(after.1 - before.1) critical regions, locks \(held)")
    }
    return result
  }

  /// After how long a form that waits says so.
  var stuckNanoseconds: UInt64 { stuckPeriod.load(ordering: .relaxed) }
}
