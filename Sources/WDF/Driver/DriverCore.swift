internal import Platform
internal import Synchronization

/// The payload of the driver's object: the unload callback, and the progress of unloading.
final class DriverCore: Sendable {
  private struct State {
    var onUnload: (@Sendable (Ref<Driver>) -> Void)?
    var isUnloading = false
    /// Counts the attempts to unload.
    var attempt: UInt64 = 0
    var stage = 0
    var result: UnloadBlocked?
  }

  /// The part that a thread plays in unloading.
  enum Part: Sendable, Equatable {
    /// It does the work.
    case unload
    /// Another thread does; this one waits for the end of its attempt.
    case join(attempt: UInt64)
  }

  private let state: LockedValue<State>
  /// Unloading has begun, even if it is blocked: clients and workers are no longer admitted.
  private let isClosed = Atomic<Bool>(false)

  init(onUnload: (@Sendable (Ref<Driver>) -> Void)?) {
    state = LockedValue(State(onUnload: onUnload))
  }

  var isUnloading: Bool { isClosed.load(ordering: .acquiring) }
  var stage: Int { state.withLock { $0.stage } }

  /// Begins an attempt to unload, or joins the current one.
  func begin() -> Part {
    isClosed.store(true, ordering: .releasing)
    return state.withLock { state in
      if state.isUnloading { return .join(attempt: state.attempt) }
      state.isUnloading = true
      state.attempt += 1
      state.stage = 0
      return .unload
    }
  }

  func enter(stage: Int) { state.withLock { $0.stage = stage } }

  /// The attempt has ended; a later one may follow.
  func end(_ result: UnloadBlocked?) {
    state.withLock { state in
      state.isUnloading = false
      state.result = result
    }
  }

  /// Whether an attempt has ended.
  func isOver(attempt: UInt64) -> Bool {
    state.withLock { !$0.isUnloading || $0.attempt != attempt }
  }

  /// How the last attempt ended.
  var result: UnloadBlocked? { state.withLock { $0.result } }

  /// The unload callback; only the first call returns it.
  func takeUnloadCallback() -> (@Sendable (Ref<Driver>) -> Void)? {
    state.withLock { $0.onUnload.take() }
  }

  /// Drops the callback of a driver that no longer exists, and what it captured.
  func forget() { _ = takeUnloadCallback() }
}

extension Framework {
  /// Creates the driver: the root of everything else.
  ///
  /// - Arguments:
  ///   - context: the driver's globals
  ///   - onUnload: deregisters what could still call back; every object is still alive
  /// - Throws: `.driverExists` if there is one or objects of an earlier one are left, what `make`
  ///   throws
  /// - Windows: WdfDriverCreate, EvtDriverUnload
  public func makeDriver<C: ~Copyable & Sendable>(
    _ name: String, _ context: Context<Driver, C>,
    onUnload: (@Sendable (Ref<Driver>) -> Void)? = nil, fileID: StaticString = #fileID,
    line: UInt = #line
  ) throws(WdfError) -> Ref<Driver> {
    let birth = ObjectCreation(
      kind: .driver, name: name, payload: .driver(DriverCore(onUnload: onUnload)), parent: nil,
      isPassive: true, site: CreationSite(fileID, line))
    guard claimDriver() else { throw WdfError(.driverExists) }
    do throws(WdfError) {
      let core = try create(birth) { core throws(WdfError) in try context.makeBox(for: core) }
      publish(core)
      return Ref(core)
    } catch {
      publish(nil)
      throw error
    }
  }
}
