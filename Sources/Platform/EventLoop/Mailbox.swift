/// Work that other threads hand to the loop.
///
/// The wake-up descriptor is written only for a loop that waits and was not yet woken: under load
/// a post is a lock and an append.
///
/// - Thread: any, but `take`, `prepareToWait` and `end`, which are the loop's
struct Mailbox: ~Copyable {
  typealias Work = @Sendable () -> Void

  // Not private: of a noncopyable type that holds a generic one of a private type, 6.3.1 makes a
  // module that LLVM refuses.
  struct State {
    var work: [Work] = []
    var isWaiting = false
    var isStopped = false
    var hasEnded = false
  }

  private let state = LockedValue(State())

  /// Appends work.
  ///
  /// - Returns: whether it was taken, and whether the loop has to be woken for it
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

  /// Whether nobody has woken the waiting loop yet; then this caller does.
  private static func wakes(_ state: inout State) -> Bool {
    defer { state.isWaiting = false }
    return state.isWaiting
  }

  /// Swaps what was posted with `batch`, which is empty and keeps its capacity.
  ///
  /// - Returns: whether a stop was asked for
  func take(into batch: inout [Work]) -> Bool {
    state.withLock { state in
      state.isWaiting = false
      swap(&state.work, &batch)
      return state.isStopped
    }
  }

  /// Whether the loop may wait: nothing was posted and nobody asked it to stop.
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
