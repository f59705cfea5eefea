internal import Platform
internal import Synchronization

/// A door for callbacks from outside: after it was closed, nobody is inside and nobody comes in.
///
/// A protocol driver puts it in front of what its registration calls, and closes it when it
/// deregisters.
///
/// - Windows: EX_RUNDOWN_REF; the promise of NdisDeregisterProtocolDriver
public final class CallbackGate: Sendable {
  private struct State {
    var insideCount = 0
    var isClosing = false
    var isClosed = false
    var waiters: [@Sendable () -> Void] = []
  }

  private let state = LockedValue(State())
  private let framework: Framework
  private let owner: Core

  /// Makes an open door, whose reports name `owner`.
  public init(of owner: Ref<Driver>) {
    self.owner = owner.core
    framework = owner.core.framework
  }

  /// Runs `body` unless the door is closing or closed; after closing was over that is reported as
  /// `VE-LATE-PROTOCOL`.
  public func enter<R>(_ callback: StaticString, _ body: () -> R) -> R? {
    let isLate: Bool? = state.withLock { state in
      if state.isClosing { return state.isClosed }
      state.insideCount += 1
      return nil
    }
    if let isLate {
      if isLate { owner.report(.lateProtocol, "\(callback) after deregistration") }
      return nil
    }
    defer { leave() }
    return ThreadState.running(self, of: framework) { framework.guarded(owner, callback, body) }
  }

  private func leave() {
    let waiters = state.withLock { state in
      state.insideCount -= 1
      return Self.finish(&state)
    }
    for waiter in waiters { waiter() }
  }

  private static func finish(_ state: inout State) -> [@Sendable () -> Void] {
    guard state.isClosing, state.insideCount == 0 else { return [] }
    defer { state.waiters = [] }
    state.isClosed = true
    return state.waiters
  }

  /// Lets nobody in any more; `completion` is called once nobody is inside.
  public func close(completion: @escaping @Sendable () -> Void) {
    let waiters = state.withLock { state in
      state.isClosing = true
      state.waiters.append(completion)
      return Self.finish(&state)
    }
    for waiter in waiters { waiter() }
  }

  /// ``close(completion:)``, waiting for its end.
  ///
  /// - Throws: `.wouldDeadlock` on a worker, in a dispatch section and inside; `.timedOut`
  public func close(waitingUpTo limit: Duration?) throws(WdfError) {
    if ThreadState.isRunning(self) { throw owner.error(.wouldDeadlock) }
    try owner.wait(upTo: limit) { done throws(WdfError) in close(completion: done) }
  }
}
