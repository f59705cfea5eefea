/// What every lock that driver code may hold says of itself.
struct LockIdentity: Sendable {
  let id: ObjectIdentifier
  let name: String
  /// Lower ranks are taken first; equal ones in any order.
  let rank: UInt32
  /// Taken in dispatch sections too; such locks have an order of their own.
  let isDispatch: Bool
}

extension ThreadState {
  /// Notes that a lock is about to be taken, or says that the thread has it already.
  ///
  /// - Returns: the lock of higher rank that is held, if there is one
  static func willLock(_ lock: LockIdentity) throws(WdfError) -> HeldLock? {
    let (isHeld, higher) = with { state in
      (
        state.heldLocks.contains { $0.id == lock.id },
        state.heldLocks.last { $0.isDispatch == lock.isDispatch && $0.rank > lock.rank }
      )
    }
    if isHeld { throw WdfError(.lockRecursion) }
    return higher
  }

  static func didLock(_ lock: LockIdentity) {
    with {
      $0.heldLocks.append(
        HeldLock(id: lock.id, rank: lock.rank, name: lock.name, isDispatch: lock.isDispatch))
    }
  }

  static func didUnlock(_ lock: LockIdentity) {
    with { state in
      if let index = state.heldLocks.lastIndex(where: { $0.id == lock.id }) {
        state.heldLocks.remove(at: index)
      }
    }
  }

  static func holds(_ id: ObjectIdentifier) -> Bool {
    with { $0.heldLocks.contains { $0.id == id } }
  }
}
