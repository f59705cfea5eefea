/// The life cycle of a binding as a value: takes an event, returns an action for its owner.
///
/// - Thread: none of its own; guarded by the binding's lock
/// - Source: `Ndisprot.docc/Rules.md` section 2.9 (events × states), D-14
public struct BindingStateMachine: Sendable {
  /// Where the binding is.
  public private(set) var state: BindingState = .unbound

  /// Whether the interface is administratively up (power D0).
  public private(set) var isPowered = false

  /// Creates the machine of an interface that is not bound yet.
  public init() {}

  /// The events of a binding.
  public enum Event: Sendable, CaseIterable {
    /// An interface of the configuration exists.
    case bind
    /// Its attributes are stored.
    case openSucceeded
    /// It cannot be bound.
    case openFailed
    /// NetEventRestart.
    case restart
    /// The restart is complete.
    case restartSucceeded
    /// The restart failed.
    case restartFailed
    /// NetEventPause.
    case pause
    /// The last outstanding send is complete.
    case drained
    /// The interface is gone, or no longer wanted.
    case unbind
    /// Everything of the binding is cancelled and closed.
    case closed
    /// IFF_UP was cleared.
    case powerLow
    /// IFF_UP was set.
    case powerOn
  }

  /// What the owner of the machine must do about an event.
  public enum Action: Sendable, Equatable {
    /// Nothing.
    case none
    /// Store the attributes.
    case open
    /// The interface is bound already (NDIS_STATUS_FAILURE).
    case refuseAlreadyBound
    /// Take the new attributes, then send `restartSucceeded`.
    case restart
    /// Let pended sends complete, then send `drained`.
    case drainSends
    /// Drop the queued frames.
    case flushReceived
    /// Wake the opens that wait for power.
    case wakePowerWaiters
    /// Cancel and close everything, then send `closed`.
    case close
    /// Drop the last reference.
    case unlink
    /// A defect: the event cannot happen in this state. It is logged, never fatal (D-14).
    case illegal
  }

  /// Handles an event and returns what to do.
  public mutating func handle(_ event: Event) -> Action {
    switch event {
    case .bind: bind()
    case .openSucceeded: move(from: .opening, to: .paused, .none)
    case .openFailed: move(from: .opening, to: .unbound, .unlink)
    case .restart: restart()
    case .restartSucceeded: afterRestart(.running)
    case .restartFailed: afterRestart(.paused)
    case .pause: pause()
    case .drained: drained()
    case .unbind: unbind()
    case .closed: move(from: .closing, to: .unbound, .unlink)
    case .powerLow: power(false)
    case .powerOn: power(true)
    }
  }

  /// Whether frames may be written and received now.
  public var movesFrames: Bool { state == .running && isPowered }

  /// Whether requests that need the binding are accepted (the sample's BIND_ACTIVE).
  public var isActive: Bool {
    switch state {
    case .paused, .restarting, .running, .pausing: true
    case .unbound, .opening, .closing: false
    }
  }

  private mutating func move(from: BindingState, to: BindingState, _ action: Action) -> Action {
    guard state == from else { return .illegal }
    state = to
    return action
  }

  private mutating func bind() -> Action {
    guard state == .unbound else { return .refuseAlreadyBound }
    state = .opening
    return .open
  }

  private mutating func restart() -> Action {
    switch state {
    case .paused:
      state = .restarting
      return .restart
    case .running, .closing: return .none
    case .unbound, .opening, .restarting, .pausing: return .illegal
    }
  }

  private mutating func afterRestart(_ next: BindingState) -> Action {
    switch state {
    case .restarting:
      state = next
      return .none
    case .closing: return .none
    case .unbound, .opening, .paused, .running, .pausing: return .illegal
    }
  }

  private mutating func pause() -> Action {
    switch state {
    case .running:
      state = .pausing
      return .drainSends
    case .paused, .pausing, .closing: return .none
    case .unbound, .opening, .restarting: return .illegal
    }
  }

  private mutating func drained() -> Action {
    switch state {
    case .pausing:
      state = .paused
      return .flushReceived
    case .paused, .restarting, .running, .closing: return .none
    case .unbound, .opening: return .illegal
    }
  }

  private mutating func unbind() -> Action {
    switch state {
    case .opening, .paused, .restarting, .running, .pausing:
      state = .closing
      return .close
    case .unbound, .closing: return .none
    }
  }

  private mutating func power(_ isOn: Bool) -> Action {
    guard state != .unbound else { return .illegal }
    isPowered = isOn
    switch state {
    case .unbound: return .illegal
    case .opening, .closing: return .none
    case .paused, .restarting, .running, .pausing:
      return isOn ? .wakePowerWaiters : .flushReceived
    }
  }
}
