internal import Synchronization

/// A value for short bodies that must not wait: inside, the thread is in a dispatch section.
///
/// It does not spin: in user space its holder may be off the processor.
///
/// - Windows: WDFSPINLOCK
public final class SpinLock<State: ~Copyable>: @unchecked Sendable {  // `lock` guards `state`
  private let core: Core
  private let rank: UInt32
  private let lock = TimedLock()
  private var state: State

  init(_ core: Core, _ rank: UInt32, _ state: consuming sending State) {
    self.core = core
    self.rank = rank
    self.state = state
  }

  /// The object that stands for the lock.
  public var object: Ref<SpinLockObject> { Ref(core) }

  /// Lends the value to `body`, alone.
  ///
  /// - Throws: `.lockRecursion` if this thread has it, `.deletePending`, `.lockOrder` from a strict
  ///   verifier
  /// - Windows: WdfSpinLockAcquire
  public func withLock<R: ~Copyable>(
    _ body: (inout State) throws(WdfError) -> R
  ) throws(WdfError) -> R {
    let identity = LockIdentity(
      id: ObjectIdentifier(self), name: core.name, rank: rank, isDispatch: true)
    try core.admit(identity)
    try core.pin("lock")
    defer { core.unpin("lock") }
    core.framework.yieldAtLock()
    _ = lock.lock(untilNanoseconds: nil)
    ThreadState.didLock(identity)
    defer {
      ThreadState.didUnlock(identity)
      lock.unlock()
      core.framework.yieldAtLock()
    }
    return try DispatchSection.run { () throws(WdfError) in try body(&state) }
  }
}
