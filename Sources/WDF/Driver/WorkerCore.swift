internal import Platform
internal import Synchronization

/// When a worker is asked to stop.
public enum StopPhase: Sendable {
  /// When unloading begins: sessions end, the loop continues until it has none.
  case unloadBegins
  /// When the unload callback has returned: for threads that the callback still needs.
  case unloadCallbackReturned
}

/// A thread of the driver: whether it should stop, and whether it has.
final class WorkerCore: Sendable {
  private struct State {
    var isStopRequested = false
    var hasEnded = false
    var threadID: Int32 = 0
    var onStop: (@Sendable () -> Void)?
    var body: Body?
  }

  typealias Body = @Sendable (borrowing StopToken) -> Void

  let stopPhase: StopPhase
  private let state: LockedValue<State>
  private let stop = Atomic<Bool>(false)

  init(stopPhase: StopPhase, onStop: (@Sendable () -> Void)?, _ body: @escaping Body) {
    self.stopPhase = stopPhase
    state = LockedValue(State(onStop: onStop, body: body))
  }

  var isStopRequested: Bool { stop.load(ordering: .acquiring) }
  var hasEnded: Bool { state.withLock { $0.hasEnded } }
  var threadID: Int32 { state.withLock { $0.threadID } }

  /// The thread: runs the body, and has released everything that it captured when it returns.
  @inline(never)
  func run(_ core: ObjectHeader) {
    let body = state.withLock { state in
      state.threadID = SystemThread.currentID
      return state.body.take()
    }
    if let body { core.framework.guarded(core, "worker") { body(StopToken(worker: self)) } }
  }

  func end() {
    let dropped = state.withLock { state in
      state.hasEnded = true
      return (state.onStop.take(), state.body.take())
    }
    withExtendedLifetime(dropped) {}
  }

  /// Asks the worker to stop; its wake-up callback is called once.
  func requestStop() {
    // Taken first: a worker that sees the flag may end before it is woken.
    let onStop = state.withLock { state in
      defer { state.onStop = nil }
      return state.onStop
    }
    stop.store(true, ordering: .releasing)
    onStop?()
  }
}

/// Tells a worker whether it should stop.
public struct StopToken: ~Copyable, Sendable {
  let worker: WorkerCore

  /// Whether the worker should return soon; not while its thread is in a critical region.
  public var isStopRequested: Bool { worker.isStopRequested && CriticalRegion.depth == 0 }
}
