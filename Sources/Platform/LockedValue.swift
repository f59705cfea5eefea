public import Synchronization

/// A value behind a `Mutex` whose synchronization ThreadSanitizer can see.
///
/// On Linux `Mutex` locks inside a library that is not instrumented, so that accesses to its value
/// look like races. The atomic, read after locking and written before unlocking, orders these
/// accesses for the sanitizer; it costs a load and a store.
///
/// - Thread: any; not recursive
public struct LockedValue<State: ~Copyable & Sendable>: ~Copyable, Sendable {
  @usableFromInline let mutex: Mutex<State>
  @usableFromInline let turn = Atomic<UInt8>(0)

  /// Puts a value behind a lock.
  @inlinable public init(_ state: consuming State) { mutex = Mutex(state) }

  /// Gives `body` exclusive access to the value.
  @inlinable public func withLock<R: ~Copyable & Sendable, E: Error>(
    _ body: (inout State) throws(E) -> R
  ) throws(E) -> R {
    try mutex.withLock { state throws(E) -> R in
      _ = turn.load(ordering: .acquiring)
      defer { turn.store(0, ordering: .releasing) }
      return try body(&state)
    }
  }
}
