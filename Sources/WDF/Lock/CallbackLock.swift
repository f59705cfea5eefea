/// Keeps the callbacks of a queue, or of all queues of a device, from overlapping.
final class CallbackLock: Sendable {
  static let deviceRank: UInt32 = 0x20
  static let queueRank: UInt32 = 0x31

  private let lock = TimedLock()
  private let name: String
  private let rank: UInt32

  init(_ name: String, rank: UInt32) {
    self.name = name
    self.rank = rank
  }

  private var identity: LockIdentity {
    LockIdentity(id: ObjectIdentifier(self), name: name, rank: rank, isDispatch: false)
  }

  var isHeldHere: Bool { ThreadState.holds(ObjectIdentifier(self)) }

  /// Runs `body` with the lock held; runs it all the same if this thread has it, for `withLock` has
  /// refused that where it was driver code that asked.
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
}

extension Core {
  /// The callback lock that this object's callbacks run under.
  var callbackLock: CallbackLock? {
    switch payload {
    case .queue(let queue): queue.callbackLock
    case .device(let device): device.callbackLock
    default: nil
    }
  }

  fileprivate func withCallbackLock<R>(
    _ body: () throws(WdfError) -> R
  ) throws(WdfError) -> R {
    guard let lock = callbackLock else { throw error(.scopeInvalid) }
    if lock.isHeldHere { throw error(.lockRecursion) }
    if DispatchSection.isActive { throw error(.wouldDeadlock) }
    return try lock.run(body)
  }
}

extension Ref where Kind == Queue {
  /// Runs `body` as if it was a callback of the queue.
  ///
  /// - Throws: `.lockRecursion` in such a callback, `.scopeInvalid` if the queue has no such lock
  /// - Windows: WdfObjectAcquireLock
  public func withCallbackLock<R>(
    _ body: () throws(WdfError) -> R
  ) throws(WdfError) -> R { try core.withCallbackLock(body) }
}

extension Ref where Kind == ControlDevice {
  /// Runs `body` as if it was a callback of any queue of the device.
  ///
  /// - Throws: `.lockRecursion` in such a callback, `.scopeInvalid` if the device has no such lock
  /// - Windows: WdfObjectAcquireLock
  public func withCallbackLock<R>(
    _ body: () throws(WdfError) -> R
  ) throws(WdfError) -> R { try core.withCallbackLock(body) }
}

extension Framework {
  /// The lock for the callbacks of a queue to be made.
  func callbackLock(
    for options: ObjectOptions, name: String, device: Core, level: ObjectOptions.Level
  ) throws(WdfError) -> CallbackLock? {
    let inherited: CallbackLock? =
      if case .device(let device) = device.payload { device.callbackLock } else { nil }
    switch options.scope {
    case .none: return nil
    case .queue: return CallbackLock(name, rank: CallbackLock.queueRank)
    case .inherit: return inherited
    case .device:
      // One lock for both can serve only callbacks that run at the same level.
      let isPassive = level == .inherit ? device.isPassive : level == .passive
      guard isPassive == device.isPassive else { throw device.error(.invalidParameter) }
      guard let inherited else { throw device.error(.scopeInvalid) }
      return inherited
    }
  }
}
