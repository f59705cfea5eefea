/// The framework's state of the calling thread.
struct ThreadState {
  /// The number of running dispatch sections.
  var dispatchDepth = 0
  /// The number of entered critical regions.
  var criticalRegionDepth = 0
  /// Whether it is a loop: functions that wait fail with `.wouldDeadlock`.
  var isWorker = false
  /// The locks held, oldest first.
  var heldLocks: [HeldLock] = []
  /// Objects that a running body borrows: their contexts, or what their lock guards.
  var borrows = IdentityStack()
  /// Objects with a callback running here, each preceded by its framework.
  var callbacks = IdentityStack()
  /// Completions being reported on this thread, nested in each other, and those deferred meanwhile.
  var completions = NestedCompletions()

  /// A lock that this thread holds.
  struct HeldLock {
    let id: ObjectIdentifier
    let name: String
    /// Whether it prevents callbacks of queues from overlapping.
    let isCallbackLock: Bool
  }

  /// Whether waiting for anything is impossible here.
  var mustNotWait: Bool { isWorker || dispatchDepth > 0 }
}

extension ThreadState {
  /// Runs `body` as a callback of `owner`, so that waiting for the owner in it can be refused.
  static func running<R: ~Copyable, E: Error>(
    _ owner: AnyObject, of framework: Framework, _ body: () throws(E) -> R
  ) throws(E) -> R {
    with { state in
      state.callbacks.push(ObjectIdentifier(framework), ObjectIdentifier(owner))
    }
    defer { with { $0.callbacks.pop(2) } }
    return try body()
  }

  /// Whether a callback of `owner`, an object or a framework, is running on this thread.
  static func isRunning(_ owner: AnyObject) -> Bool {
    let id = ObjectIdentifier(owner)
    return with { $0.callbacks.contains(id) }
  }

  /// Runs `body`, which borrows something of an object.
  static func borrowing<R: ~Copyable, E: Error>(
    _ core: ObjectHeader, _ body: () throws(E) -> R
  ) throws(E) -> R {
    with { $0.borrows.push(ObjectIdentifier(core)) }
    defer { with { $0.borrows.pop() } }
    return try body()
  }
}

// MARK: Locks

extension ThreadState {
  static func didLock(_ lock: HeldLock) { with { $0.heldLocks.append(lock) } }

  static func didUnlock(_ lock: HeldLock) {
    with { state in
      if let index = state.heldLocks.lastIndex(where: { $0.id == lock.id }) {
        state.heldLocks.remove(at: index)
      }
    }
  }

  static func holds(_ id: ObjectIdentifier) -> Bool {
    with { $0.heldLocks.contains { $0.id == id } }
  }

  /// Whether any callback lock is held here.
  static var holdsCallbackLock: Bool {
    with { $0.heldLocks.contains { $0.isCallbackLock } }
  }
}

/// A section of code that must not block, such as a receive callback.
///
/// - Windows: code at DISPATCH_LEVEL
public enum DispatchSection {
  /// Runs `body`; in it, deletes and passive callbacks are deferred and functions that wait fail
  /// with `.wouldDeadlock`.
  public static func run<R: ~Copyable, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    ThreadState.with { $0.dispatchDepth += 1 }
    defer { ThreadState.with { $0.dispatchDepth -= 1 } }
    return try body()
  }

  /// Whether the caller is inside such a section.
  public static var isActive: Bool { ThreadState.with { $0.dispatchDepth > 0 } }
}
