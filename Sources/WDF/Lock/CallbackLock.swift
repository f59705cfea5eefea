internal import Platform

/// Prevents the callbacks of a queue, or of all queues of a device, from overlapping.
///
/// A thread that holds one such lock never waits for another: callbacks that need another are
/// passed to the executor.
final class CallbackLock: Sendable {
  private let lock = TimedLock()
  private let name: String

  init(_ name: String) { self.name = name }

  private var identity: ThreadState.HeldLock {
    ThreadState.HeldLock(id: ObjectIdentifier(self), name: name, isCallbackLock: true)
  }

  var isHeldHere: Bool { ThreadState.holds(ObjectIdentifier(self)) }

  /// Runs `body` with the lock held; runs it also if this thread already holds the lock: where
  /// driver code would cause that, `withLock` has refused it before.
  func run<R: ~Copyable, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    if isHeldHere { return try body() }
    _ = lock.lock(untilNanoseconds: nil)
    ThreadState.didLock(identity)
    defer {
      ThreadState.didUnlock(identity)
      lock.unlock()
    }
    return try body()
  }

  /// Runs driver code with the lock held; what is refused in a callback is refused in it.
  func runAsCallback<R: ~Copyable, E: Error>(
    of core: ObjectHeader, _ body: () throws(E) -> R
  ) throws(E) -> R {
    try ThreadState.running(core, of: core.framework) { () throws(E) in try run(body) }
  }
}

extension ObjectHeader {
  /// The lock under which this object's callbacks run.
  var callbackLock: CallbackLock? {
    switch payload {
    case .queue(let queue): queue.callbackLock
    case .device(let device): device.callbackLock
    default: nil
    }
  }

  /// The callback lock, if driver code may take it here.
  fileprivate func freeCallbackLock() throws(WdfError) -> CallbackLock {
    guard let lock = callbackLock else { throw error(.scopeInvalid) }
    if lock.isHeldHere { throw error(.lockRecursion) }
    if DispatchSection.isActive { throw error(.wouldDeadlock) }
    return lock
  }
}

extension Ref where Kind == Queue {
  /// Runs `body` as if it were a callback of the queue.
  ///
  /// - Throws: `.lockRecursion` in such a callback, `.scopeInvalid` if the queue has no such lock,
  ///   what `body` throws
  /// - Windows: WdfObjectAcquireLock
  public func withCallbackLock<R: ~Copyable>(
    _ body: () throws(WdfError) -> R
  ) throws(WdfError) -> R { try core.freeCallbackLock().runAsCallback(of: core, body) }

  /// ``withCallbackLock(_:)`` for a body with its own error type.
  public func withCallbackLock<R: ~Copyable, E: Error>(_ body: () throws(E) -> R) throws -> R {
    try core.freeCallbackLock().runAsCallback(of: core, body)
  }
}

extension Ref where Kind == ControlDevice {
  /// Runs `body` as if it were a callback of any queue of the device.
  ///
  /// - Throws: `.lockRecursion` in such a callback, `.scopeInvalid` if the device has no such lock,
  ///   what `body` throws
  /// - Windows: WdfObjectAcquireLock
  public func withCallbackLock<R: ~Copyable>(
    _ body: () throws(WdfError) -> R
  ) throws(WdfError) -> R { try core.freeCallbackLock().runAsCallback(of: core, body) }

  /// ``withCallbackLock(_:)`` for a body with its own error type.
  public func withCallbackLock<R: ~Copyable, E: Error>(_ body: () throws(E) -> R) throws -> R {
    try core.freeCallbackLock().runAsCallback(of: core, body)
  }
}

extension Framework {
  /// The lock for the callbacks of a queue that is being created.
  func callbackLock(
    for options: ObjectOptions, name: String, device: ObjectHeader, level: ObjectOptions.Level
  ) throws(WdfError) -> CallbackLock? {
    let inherited: CallbackLock? =
      if case .device(let device) = device.payload { device.callbackLock } else { nil }
    switch options.scope {
    case .none: return nil
    case .queue: return CallbackLock(name)
    case .inherit: return inherited
    case .device:
      // Callbacks can share a lock only if they run at the same level.
      let isPassive = level == .inherit ? device.isPassive : level == .passive
      guard isPassive == device.isPassive else { throw device.error(.invalidParameter) }
      guard let inherited else { throw device.error(.scopeInvalid) }
      return inherited
    }
  }
}
