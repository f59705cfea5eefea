/// Work that other threads post to the loop.
///
/// The wake-up descriptor is written only for a loop that waits and was not woken yet: under load a
/// post is a lock and an append.
///
/// - Thread: any, except `take`, `prepareToWait` and `end`, which are the loop's
struct Mailbox: ~Copyable {
  typealias Work = @Sendable () -> Void

  // Not private: for a noncopyable type that holds a generic type with a private argument, Swift
  // 6.3.1 generates a module that LLVM rejects.
  struct State {
    var work: [Work] = []
    var isWaiting = false
    var isStopped = false
    var hasEnded = false
  }

  private let state = LockedValue(State())

  /// Appends work.
  ///
  /// - Returns: whether it was accepted, and whether the loop has to be woken for it
  func post(_ work: @escaping Work) -> (isTaken: Bool, needsWakeUp: Bool) {
    state.withLock { state in
      if state.hasEnded { return (false, false) }
      state.work.append(work)
      return (true, Self.wakes(&state))
    }
  }

  /// Asks the loop to stop.
  ///
  /// - Returns: whether it has to be woken for that
  func stop() -> Bool {
    state.withLock { state in
      state.isStopped = true
      return Self.wakes(&state)
    }
  }

  /// Whether the waiting loop is not woken yet; then this caller must wake it.
  private static func wakes(_ state: inout State) -> Bool {
    defer { state.isWaiting = false }
    return state.isWaiting
  }

  /// Swaps the posted work with `batch`, which must be empty and keeps its capacity.
  ///
  /// - Returns: whether a stop was requested
  func take(into batch: inout [Work]) -> Bool {
    state.withLock { state in
      state.isWaiting = false
      swap(&state.work, &batch)
      return state.isStopped
    }
  }

  /// Whether the loop may wait: no work was posted and no stop was requested.
  ///
  /// If it may, the next post wakes it.
  func prepareToWait() -> Bool {
    state.withLock { state in
      state.isWaiting = state.work.isEmpty && !state.isStopped
      return state.isWaiting
    }
  }

  /// Refuses all further work if none is left.
  ///
  /// - Returns: whether none was left
  func end() -> Bool {
    state.withLock { state in
      state.hasEnded = state.work.isEmpty
      return state.hasEnded
    }
  }
}
