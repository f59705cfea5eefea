/// Code that must not be interrupted: while a thread is in a region, requests to stop it wait.
///
/// - Windows: KeEnterCriticalRegion, KeLeaveCriticalRegion
public enum CriticalRegion {
  /// Enters a region; must be balanced before the callback returns.
  public static func enter() { ThreadState.with { $0.criticalRegionDepth += 1 } }

  /// Leaves it; has no effect outside a region.
  public static func leave() {
    ThreadState.with { $0.criticalRegionDepth = max(0, $0.criticalRegionDepth - 1) }
  }

  /// The number of nested regions of the thread.
  public static var depth: Int { ThreadState.with { $0.criticalRegionDepth } }

  /// Runs `body` in one.
  public static func run<R: ~Copyable, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    enter()
    defer { leave() }
    return try body()
  }
}
