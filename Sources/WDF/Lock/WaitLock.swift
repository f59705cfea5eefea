internal import Glibc
internal import Platform
internal import Synchronization

/// A value that one thread at a time may access, while others wait.
///
/// - Windows: WDFWAITLOCK
public final class WaitLock<State: ~Copyable>: @unchecked Sendable {  // `lock` guards `state`
  private let core: ObjectHeader
  private let lock = TimedLock()
  private var state: State

  init(_ core: ObjectHeader, _ state: consuming sending State) {
    self.core = core
    self.state = state
  }

  /// The object that represents the lock.
  public var object: Ref<WaitLockObject> { Ref(core) }

  /// Gives `body` exclusive access to the value; works until the object above the lock was cleaned
  /// up.
  ///
  /// The guarded value stays behind the lock: a result is `Sendable`, and a value that is not
  /// cannot be moved out of `body` or into it.
  /// - Arguments: `limit`: how long to wait; `nil` is indefinite, zero does not wait
  /// - Throws: `.lockRecursion` if this thread has it, `.timedOut`, `.deletePending`, `.wouldDeadlock`
  ///   in a dispatch section unless `limit` is zero; what `body` throws
  /// - Windows: WdfWaitLockAcquire
  public func withLock<R: ~Copyable & Sendable>(
    waitingUpTo limit: Duration? = nil, _ body: (inout sending State) throws(WdfError) -> R
  ) throws(WdfError) -> R {
    try acquire(limit)
    defer { release() }
    return try body(&state)
  }

  /// ``withLock(waitingUpTo:_:)`` for a body with its own error type.
  public func withLock<R: ~Copyable & Sendable, E: Error>(
    waitingUpTo limit: Duration? = nil, _ body: (inout sending State) throws(E) -> R
  ) throws -> R {
    try acquire(limit)
    defer { release() }
    return try body(&state)
  }

  private var identity: ThreadState.HeldLock {
    ThreadState.HeldLock(id: ObjectIdentifier(self), name: core.name, isCallbackLock: false)
  }

  private func acquire(_ limit: Duration?) throws(WdfError) {
    if ThreadState.holds(ObjectIdentifier(self)) { throw core.error(.lockRecursion) }
    if limit != .zero, DispatchSection.isActive { throw core.error(.wouldDeadlock) }
    try core.pin("lock")
    core.framework.yieldAtLock()
    let deadline = limit.map { monotonicNanoseconds() &+ $0.clampedNanoseconds }
    CriticalRegion.enter()
    guard lock.lock(untilNanoseconds: deadline) else {
      CriticalRegion.leave()
      core.unpin("lock")
      throw core.error(.timedOut)
    }
    ThreadState.didLock(identity)
    ThreadState.with { $0.borrows.push(ObjectIdentifier(core)) }
  }

  private func release() {
    ThreadState.with { $0.borrows.pop() }
    ThreadState.didUnlock(identity)
    lock.unlock()
    CriticalRegion.leave()
    core.framework.yieldAtLock()
    core.unpin("lock")
  }
}

extension Framework {
  /// Lets other threads run where races would show, if requested by tests.
  func yieldAtLock() {
    if yieldsAtLocks, !DispatchSection.isActive { _ = sched_yield() }
  }
}

extension Ref {
  /// Creates a lock that ends with this object.
  ///
  /// - Windows: WdfWaitLockCreate
  public func makeWaitLock<State: ~Copyable>(
    _ name: String, _ state: consuming sending State,
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws(WdfError) -> WaitLock<State> {
    let birth = try core.birth(.waitLock, name, .none, .inherit, CreationSite(fileID, line))
    return WaitLock(try core.framework.create(birth, nil), state)
  }
}
