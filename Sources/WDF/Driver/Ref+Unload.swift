internal import Platform
internal import Synchronization

extension Ref where Kind == Driver {
  /// Whether unloading has begun, which makes creating objects fail.
  public var isUnloading: Bool { core.framework.isUnloading }

  /// Unloads the driver and waits until no part of it is left.
  ///
  /// 0 no opens and workers any more, sessions are closed, workers are asked to stop · 1, 2 the unload
  /// callback runs and everything is alive · 3 workers are awaited · 4, 5 cleanups, children first ·
  /// 6 destroys, children first · 7 the last pins go. A second caller waits for the first and gets
  /// its result. After an unload that was blocked it can be tried again; the driver takes no clients
  /// and no workers meanwhile.
  /// - Arguments:
  ///   - warnEvery: how often `VE-STUCK` names what the unload waits for
  ///   - deadline: the total time for waiting
  /// - Throws: ``UnloadBlocked`` naming every holder: each client's handle, worker and running
  ///   callback that is left; `.wouldDeadlock` on a worker, in a dispatch section, in a callback of the
  ///   framework and in a body that borrows one of its objects
  /// - Thread: main
  /// - Windows: FxDriver::Unload, FX_DRIVER_GLOBALS
  public func unload(
    warnEvery: Duration = .seconds(60), deadline: Duration = .seconds(4)
  ) throws(UnloadBlocked) {
    try core.framework.unload(core, UnloadPlan(warnEvery, deadline, callsBack: true))
  }

  /// Unloads the driver on a separate thread, which calls `completion` at the end.
  public func unload(
    warnEvery: Duration = .seconds(60), deadline: Duration = .seconds(4),
    completion: @escaping @Sendable (UnloadBlocked?) -> Void
  ) {
    let core = core
    let plan = UnloadPlan(warnEvery, deadline, callsBack: true)
    let hasStarted =
      (try? SystemThread.start("wdf-unload") {
        do throws(UnloadBlocked) {
          try core.framework.unload(core, plan)
          completion(nil)
        } catch {
          completion(error)
        }
      }) != nil
    if !hasStarted {
      completion(UnloadBlocked(reason: .outOfResources, stage: 0, holders: []))
    }
  }

  /// Removes a driver whose start failed: as ``unload(warnEvery:deadline:)``, without the unload
  /// callback.
  ///
  /// - Windows: a DriverEntry that returns an error
  public func abandonEntry(
    warnEvery: Duration = .seconds(60), deadline: Duration = .seconds(4)
  ) throws(UnloadBlocked) {
    try core.framework.unload(core, UnloadPlan(warnEvery, deadline, callsBack: false))
  }
}

/// The time limit and the scope of an unload.
struct UnloadPlan: Sendable {
  let warnNanoseconds: UInt64
  let deadlineNanoseconds: UInt64
  let callsBack: Bool

  init(_ warnEvery: Duration, _ deadline: Duration, callsBack: Bool) {
    warnNanoseconds = max(1_000_000, warnEvery.clampedNanoseconds)
    deadlineNanoseconds = monotonicNanoseconds() &+ deadline.clampedNanoseconds
    self.callsBack = callsBack
  }
}
