internal import Glibc
internal import Synchronization

/// A value that one thread at a time may change, and that others wait for.
///
/// - Windows: WDFWAITLOCK
public final class WaitLock<State: ~Copyable>: @unchecked Sendable {  // `lock` guards `state`
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
  public var object: Ref<WaitLockObject> { Ref(core) }

  /// Lends the value to `body`, alone.
  ///
  /// - Arguments: `limit`: how long to wait; `nil` without end, zero not at all
  /// - Throws: `.lockRecursion` if this thread has it, `.timedOut`, `.deletePending`, `.lockOrder` from
  ///   a strict verifier, `.wouldDeadlock` in a dispatch section unless `limit` is zero
  /// - Windows: WdfWaitLockAcquire
  public func withLock<R: ~Copyable>(
    waitingUpTo limit: Duration? = nil, _ body: (inout State) throws(WdfError) -> R
  ) throws(WdfError) -> R {
    let identity = LockIdentity(
      id: ObjectIdentifier(self), name: core.name, rank: rank, isDispatch: false)
    try core.admit(identity)
    if limit != .zero, DispatchSection.isActive { throw core.error(.wouldDeadlock) }
    try core.pin("lock")
    defer { core.unpin("lock") }
    core.framework.yieldAtLock()
    let deadline = limit.map { monotonicNanoseconds() &+ $0.clampedNanoseconds }
    CriticalRegion.enter()
    defer { CriticalRegion.leave() }
    guard lock.lock(untilNanoseconds: deadline) else { throw core.error(.timedOut) }
    ThreadState.didLock(identity)
    defer {
      ThreadState.didUnlock(identity)
      lock.unlock()
      core.framework.yieldAtLock()
    }
    return try body(&state)
  }
}

extension Core {
  /// Checks, before a lock is taken, that this thread may take it.
  func admit(_ lock: LockIdentity) throws(WdfError) {
    guard word.phase == .live else { throw error(word.phase.refusal) }
    let higher: ThreadState.HeldLock?
    do throws(WdfError) {
      higher = try ThreadState.willLock(lock)
    } catch {
      throw self.error(.lockRecursion)
    }
    guard let higher, framework.verifier != .off else { return }
    let chain = ThreadState.with { $0.heldLocks.map { "\($0.name) \($0.rank)" } }
    report(.lockOrder, "\(lock.name) \(lock.rank) after \(higher.name) in \(chain)")
    if framework.verifier == .strict { throw error(.lockOrder) }
  }
}

extension Framework {
  /// Lets other threads run at the places where races show, if tests asked for that.
  func yieldAtLock() {
    if yieldsAtLocks, !DispatchSection.isActive { _ = sched_yield() }
  }
}

extension Ref {
  /// Makes a lock that ends with this object.
  ///
  /// - Arguments: `rank`: locks of lower rank are taken before those of higher rank
  /// - Windows: WdfWaitLockCreate
  public func makeWaitLock<State: ~Copyable>(
    _ name: String, rank: UInt32 = 0x100, _ state: consuming sending State,
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws(WdfError) -> WaitLock<State> {
    let birth = try core.birth(.waitLock, name, .none, .inherit, CreationSite(fileID, line))
    return WaitLock(try core.framework.create(birth, nil), rank, state)
  }

  /// Makes a lock for short bodies, also in dispatch sections, that ends with this object.
  ///
  /// - Windows: WdfSpinLockCreate
  public func makeSpinLock<State: ~Copyable>(
    _ name: String, rank: UInt32 = 0x200, _ state: consuming sending State,
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws(WdfError) -> SpinLock<State> {
    let birth = try core.birth(.spinLock, name, .none, .inherit, CreationSite(fileID, line))
    return SpinLock(try core.framework.create(birth, nil), rank, state)
  }
}
