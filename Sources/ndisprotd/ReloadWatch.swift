internal import NdisprotServer
internal import Platform

/// Reports reloads to the service manager, and the last one to the status.
///
/// - Thread: any
final class ReloadWatch: Sendable {
  private let manager: ServiceManager?
  private let lastRefusal = LockedValue("")

  init(_ manager: ServiceManager?) { self.manager = manager }

  /// Why the last reload changed nothing; empty if it succeeded, or there was none.
  var refusal: String { lastRefusal.withLock { $0 } }

  /// The initial configuration is unusable.
  func startsBroken(_ failure: String) { lastRefusal.withLock { $0 = failure } }

  /// Records the stage of a reload.
  func note(_ stage: ReloadStage) {
    switch stage {
    case .begins: manager?.reloading()
    case .taken: end("")
    case .refused(let refusal): end(refusal)
    }
  }

  private func end(_ refusal: String) {
    lastRefusal.withLock { $0 = refusal }
    manager?.reloaded()
  }
}
