internal import Platform

/// Passes values from a reading thread to a task.
///
/// The thread stops reading when `limit` values are stored here; further ones wait in the daemon,
/// which drops the oldest first and counts the losses.
///
/// - Thread: `run` on its own; the rest on any
final class BackpressuredBuffer<Value: Sendable>: Sendable {
  static var limit: Int { 4096 }

  private struct State {
    var values: [Value] = []
    /// Each iterator of the sequence may wait, in a task of its own.
    var waiters: [CheckedContinuation<Void, Never>] = []
    var isEnded = false
    var error: ClientError?
    var isThreadWaiting = false

    /// All of them check again: one finds the values, the others keep waiting.
    mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
      defer { waiters = [] }
      return waiters
    }
  }

  private let state = LockedValue(State())
  let interruption: CancellationToken
  private let room: CancellationToken

  init() throws(ClientError) {
    interruption = try CancellationToken()
    room = try CancellationToken()
  }

  /// Reads until it is stopped, or until reading fails.
  ///
  /// - Parameter read: waits for values and appends them
  func run(_ read: (inout [Value]) throws(ClientError) -> Void) {
    var batch: [Value] = []
    do throws(ClientError) {
      while true {
        try read(&batch)
        if add(batch) {
          room.wait()
          room.clear()
        }
        batch.removeAll(keepingCapacity: true)
      }
    } catch {
      end(error == .interrupted ? nil : error)
    }
  }

  /// Adds values and wakes the task; returns whether the limit is reached.
  private func add(_ batch: [Value]) -> Bool {
    let (waiters, isFull) = state.withLock { state in
      state.values += batch
      state.isThreadWaiting = state.values.count >= Self.limit && !state.isEnded
      return (state.takeWaiters(), state.isThreadWaiting)
    }
    for waiter in waiters { waiter.resume() }
    return isFull
  }

  private func end(_ error: ClientError?) {
    let waiters = state.withLock { state in
      if !state.isEnded { state.error = error }
      state.isEnded = true
      return state.takeWaiters()
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Ends the reading; values stored already can still be taken.
  func stop() {
    end(nil)
    interruption.raise()
    room.raise()
  }

  /// The answer to a request for values.
  private enum Answer {
    case values([Value], wakesThread: Bool)
    case wait
    case end(ClientError?)
  }

  /// The stored values, waiting for some; nil at the end.
  func nextBatch() async throws(ClientError) -> [Value]? {
    while true {
      switch take() {
      case .values(let values, let wakesThread):
        if wakesThread { room.raise() }
        return values
      case .end(let error?): throw error
      case .end(nil): return nil
      case .wait: await wait()
      }
    }
  }

  private func take() -> Answer {
    state.withLock { state in
      if state.values.isEmpty { return state.isEnded ? .end(state.error) : .wait }
      var values: [Value] = []
      swap(&values, &state.values)
      let wakesThread = state.isThreadWaiting
      state.isThreadWaiting = false
      return .values(values, wakesThread: wakesThread)
    }
  }

  private func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          if !state.values.isEmpty || state.isEnded { return true }
          state.waiters.append(continuation)
          return false
        }
        if isReady { continuation.resume() }
      }
    } onCancel: {
      stop()
    }
  }
}

/// Stops a feed's thread when its last consumer is gone.
final class FeedOwner<Value: Sendable>: Sendable {
  let feed: BackpressuredBuffer<Value>
  init(_ feed: BackpressuredBuffer<Value>) { self.feed = feed }
  deinit { feed.stop() }
}

/// Takes the values of a feed one by one.
struct FeedCursor<Value: Sendable> {
  private let owner: FeedOwner<Value>
  private var batch: ArraySlice<Value> = []

  init(_ owner: FeedOwner<Value>) { self.owner = owner }

  /// The next value, waiting for it; nil at the end.
  mutating func next(
    isolation actor: isolated (any Actor)?
  ) async throws(ClientError) -> Value? {
    while true {
      if let value = batch.popFirst() { return value }
      guard let more = try await owner.feed.nextBatch() else { return nil }
      batch = more[...]
    }
  }
}
