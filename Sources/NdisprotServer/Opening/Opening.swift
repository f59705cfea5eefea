internal import NDIS
internal import Ndisprot
internal import Platform
internal import WDF

/// The state of one OPEN between its request and its answer, as a value.
///
/// ```
///   asked ─ granted ─┬─ powered ────────────────────► moving ─ made ──► made
///      │             └─ not powered ─► waiting ─ power came ─┘  │
///      │                                  │                     │
///      └─ denied ─────────────────────────┴─ time, cancel, gone ┴─ failed ─► refused
/// ```
/// An event without a meaning in a state changes nothing: a timer may fire after its cancellation,
/// and an interface may come up twice.
///
/// - Source: rules Q-17…Q-27, D-32; `Ndisprot.docc/Rules.md` section 4
struct OpeningStateMachine: Equatable, Sendable {
  enum State: CaseIterable, Sendable {
    /// Control judges it.
    case asked
    /// The interface is down, and the client is willing to wait.
    case waitingForPower
    /// The session is on its way to the binding's thread, which creates the open.
    case moving
    case made
    case refused
  }

  enum Event: CaseIterable, Sendable {
    /// The policy allows it, and the interface is up or moves no frames.
    case granted
    /// The policy allows it, and the interface is down.
    case grantedWithoutPower
    /// The same, and the client does not wait.
    case grantedInVain
    /// No interface, wrong parameters, or the policy.
    case denied
    /// The interface came up.
    case powerCame
    /// The client's waiting time has passed.
    case timedOut
    /// The client cancelled the request, or its session ends.
    case cancelled
    /// The interface is gone.
    case bindingGone
    /// The open was created.
    case opened
    /// The open could not be created.
    case failed
  }

  enum Action: Equatable, Sendable {
    case none
    /// Waits for power, for a bounded time.
    case wait
    /// Moves the session to the binding's thread.
    case move
    /// Refuses with this error.
    case refuse(BindingError)
    /// Completes the request as cancelled.
    case cancel
    /// Answers with the cause that came with the event.
    case answer
  }

  private(set) var state = State.asked

  /// Handles an event.
  ///
  /// - Returns: what to do
  mutating func handle(_ event: Event) -> Action {
    let (next, action) = reaction(to: event)
    state = next
    return action
  }

  private func reaction(to event: Event) -> (State, Action) {
    switch (state, event) {
    case (.asked, .granted): (.moving, .move)
    case (.asked, .grantedWithoutPower): (.waitingForPower, .wait)
    case (.asked, .grantedInVain): (.refused, .refuse(.notReady))
    case (.asked, .denied): (.refused, .answer)
    case (.waitingForPower, .powerCame): (.moving, .move)
    case (.waitingForPower, .timedOut): (.refused, .refuse(.notReady))
    case (.waitingForPower, .cancelled): (.refused, .cancel)
    case (.waitingForPower, .bindingGone): (.refused, .refuse(.adapterNotFound))
    case (.moving, .opened): (.made, .answer)
    case (.moving, .failed): (.refused, .answer)
    default: (state, .none)
    }
  }
}

/// What the policy granted an OPEN, and where.
struct GrantedOpen: Sendable {
  /// What was asked for, narrowed to what is granted.
  let options: OpenOptions
  let access: AccessGrant
  let binding: AdapterBinding
}

/// One OPEN of a session: what was requested, what was granted, and its state.
///
/// The policy is consulted once, and the grant travels along; a policy that changes meanwhile is
/// applied to the open as soon as it exists, as to every open.
///
/// - Thread: the loop that has the session
final class Opening: @unchecked Sendable {  // Goes from loop to loop with its session.
  let session: Session
  let request: RequestBox
  /// The interface to open.
  let name: InterfaceName
  /// The requested options.
  let options: OpenOptions
  private(set) var granted: GrantedOpen?
  private var machine = OpeningStateMachine()
  private var timer: (any ScheduledWork)?

  init(
    _ options: OpenOptions, name: InterfaceName, of session: Session, _ request: RequestBox
  ) {
    self.options = options
    self.name = name
    self.session = session
    self.request = request
  }

  /// Whether it is the sample's OPEN_DEVICE.
  var isOpenDevice: Bool { request.isOpenDevice }

  /// Whether it waits for an interface to come up.
  func isWaiting(for binding: AdapterBinding) -> Bool {
    machine.state == .waitingForPower && granted?.binding === binding
  }

  /// Handles an event; a refusal that results from it is answered here.
  func handle(_ event: OpeningStateMachine.Event) -> OpeningStateMachine.Action {
    let action = machine.handle(event)
    if machine.state != .waitingForPower { timer.take()?.cancel() }
    switch action {
    case .refuse(let error): session.refusedOpen(self, error)
    case .cancel:
      session.openingEnded()
      request.complete(.cancelled)
    case .none, .wait, .move, .answer: break
    }
    return action
  }

  // MARK: On control

  /// The policy and the binding allow it.
  ///
  /// - Returns: what to do
  func grant(
    _ options: OpenOptions, _ access: AccessGrant, on binding: AdapterBinding
  ) -> OpeningStateMachine.Action {
    granted = GrantedOpen(options: options, access: access, binding: binding)
    if binding.snapshot.isPowered || options.etherTypes.isEmpty { return handle(.granted) }
    return handle(options.waitMilliseconds > 0 ? .grantedWithoutPower : .grantedInVain)
  }

  /// No interface can be opened.
  func deny(_ error: BindingError) {
    guard handle(.denied) == .answer else { return }
    session.refusedOpen(self, error)
  }

  /// The policy refuses it.
  func deny(_ refusal: AccessRefusal) {
    guard handle(.denied) == .answer else { return }
    session.denyOpen(self, refusal)
  }

  /// Cancels it, if that is still possible.
  ///
  /// - Parameter id: the request to cancel; nil matches any
  /// - Returns: whether it was cancelled
  @discardableResult
  func cancel(_ id: UInt64? = nil) -> Bool {
    guard id == nil || id == request.parameters.id else { return false }
    return handle(.cancelled) == .cancel
  }

  /// The longest wait of an open; a client that wants to wait longer asks again.
  private static let maximumWaitMilliseconds: UInt32 = 60_000

  /// Starts waiting for power, for a bounded time.
  func startWaiting(on executor: any Executor) {
    let milliseconds = min(options.waitMilliseconds, Opening.maximumWaitMilliseconds)
    timer = executor.schedule(afterNanoseconds: UInt64(milliseconds) * 1_000_000) { [weak self] in
      _ = self?.handle(.timedOut)
    }
  }

  // MARK: Where it is created

  /// The open could not be created.
  func fail(_ error: BindingError) {
    guard handle(.failed) == .answer else { return }
    session.refusedOpen(self, error)
  }

  /// A quota of its rules is used up.
  func fail(_ refusal: AccessRefusal) {
    guard handle(.failed) == .answer else { return }
    session.denyOpen(self, refusal)
  }

  /// The open was created.
  func made(_ open: OpenContext) {
    guard handle(.opened) == .answer else { return }
    session.opened(self, open)
  }
}

extension RequestBox {
  /// Whether it is the sample's OPEN_DEVICE.
  var isOpenDevice: Bool { parameters.type == .deviceControl }
}
