public import Synchronization

/// A value behind a `Mutex` whose hand-over ThreadSanitizer can see.
///
/// On Linux `Mutex` locks inside a library that is not instrumented, so every value behind one looks
/// like a race. The atomic, read after locking and written before unlocking, orders the same accesses
/// where the sanitizer looks; it costs a load and a store.
///
/// - Thread: any; not recursive
public struct LockedValue<State: ~Copyable & Sendable>: ~Copyable, Sendable {
  @usableFromInline let mutex: Mutex<State>
  @usableFromInline let turn = Atomic<UInt8>(0)

  /// Puts a value behind a lock.
  @inlinable public init(_ state: consuming State) { mutex = Mutex(state) }

  /// Lends the value; nobody else has it meanwhile.
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
