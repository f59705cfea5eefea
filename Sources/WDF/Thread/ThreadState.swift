/// What the framework knows about the calling thread.
struct ThreadState {
  /// Bodies of dispatch sections that are running.
  var dispatchDepth = 0
  /// Critical regions that were entered and not left.
  var criticalRegionDepth = 0
  /// A loop: forms that wait answer `.wouldDeadlock`.
  var isWorker = false
  /// The locks held, oldest first.
  var heldLocks: [HeldLock] = []
  /// Objects whose context a running body borrows, oldest first.
  var bodies = BodyStack()
  /// Queues, timers and work items whose callback is running here.
  var callbacks: [ObjectIdentifier] = []

  /// A lock as the recursion and order checks see it.
  struct HeldLock {
    let id: ObjectIdentifier
    let rank: UInt32
    let name: String
    let isDispatch: Bool
  }

  /// Whether waiting is out of the question here, whatever is waited for.
  var mustNotWait: Bool { isWorker || dispatchDepth > 0 }
}

extension ThreadState {
  /// Runs `body` as a callback of `owner`, so that waiting for the owner in it can be refused.
  static func running<R: ~Copyable, E: Error>(
    _ owner: AnyObject, _ body: () throws(E) -> R
  ) throws(E) -> R {
    let id = ObjectIdentifier(owner)
    with { $0.callbacks.append(id) }
    defer { with { _ = $0.callbacks.popLast() } }
    return try body()
  }

  /// Whether a callback of `owner` is running on this thread.
  static func isRunning(_ owner: AnyObject) -> Bool {
    let id = ObjectIdentifier(owner)
    return with { $0.callbacks.contains(id) }
  }
}

/// A section of code that must not wait, such as a receive callback.
///
/// - Windows: code at DISPATCH_LEVEL
public enum DispatchSection {
  /// Runs `body`; in it, deleting is put off and forms that wait answer `.wouldDeadlock`.
  public static func run<R: ~Copyable, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    ThreadState.with { $0.dispatchDepth += 1 }
    defer { ThreadState.with { $0.dispatchDepth -= 1 } }
    return try body()
  }

  /// Whether the caller is inside such a section.
  public static var isActive: Bool { ThreadState.with { $0.dispatchDepth > 0 } }
}
