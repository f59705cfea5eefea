internal import Platform
internal import Synchronization

/// A gate for callbacks from outside: once it is closed, no callback is inside and none can enter.
///
/// A protocol driver puts it in front of the callbacks of its registration, and closes it when it
/// deregisters.
///
/// - Windows: EX_RUNDOWN_REF; the guarantee of NdisDeregisterProtocolDriver
public final class CallbackGate: Sendable {
  private struct State {
    var insideCount = 0
    var isClosing = false
    var isClosed = false
    var waiters: [@Sendable () -> Void] = []
  }

  private let state = LockedValue(State())
  private let framework: Framework
  private let owner: ObjectHeader

  /// Creates an open gate, whose reports name `owner`.
  public init(of owner: Ref<Driver>) {
    self.owner = owner.core
    framework = owner.core.framework
  }

  /// Runs `body` unless the gate is closing or closed; an attempt after it was closed is reported
  /// as `VE-LATE-PROTOCOL`.
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

  /// Closes the gate; `completion` is called once when no callback is inside.
  public func close(completion: @escaping @Sendable () -> Void) {
    let waiters = state.withLock { state in
      state.isClosing = true
      state.waiters.append(completion)
      return Self.finish(&state)
    }
    for waiter in waiters { waiter() }
  }

  /// ``close(completion:)``, waiting for the end.
  ///
  /// - Throws: `.wouldDeadlock` on a worker, in a dispatch section and inside; `.timedOut`
  public func close(waitingUpTo limit: Duration?) throws(WdfError) {
    if ThreadState.isRunning(self) { throw owner.error(.wouldDeadlock) }
    try owner.wait(upTo: limit) { done throws(WdfError) in close(completion: done) }
  }
}
