internal import NdisprotServer
internal import Platform

/// What the service manager hears of reloads, and what the status says of the last one.
///
/// - Thread: any
final class ReloadWatch: Sendable {
  private let manager: ServiceManager?
  private let lastRefusal = LockedValue("")

  init(_ manager: ServiceManager?) { self.manager = manager }

  /// Why the last reload changed nothing; empty if it was taken, or there was none.
  var refusal: String { lastRefusal.withLock { $0 } }

  /// The configuration of the start cannot be used.
  func startsBroken(_ failure: String) { lastRefusal.withLock { $0 = failure } }

  /// A reload is so far.
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
