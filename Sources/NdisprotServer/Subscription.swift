internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import WDF

/// What one session wants to hear, and what waits to be told.
///
/// Control adds; the loop that has the session takes, when the socket has room. The session is mailed
/// once, however many events wait.
///
/// - Thread: any
final class Subscription: Sendable {
  private struct State: Sendable {
    var wanted: SubscribeRequest
    var queue = EventQueue<BindingEvent>()
    /// The session knows that something waits.
    var isTold = false
  }
  private let state: LockedValue<State>

  init(_ wanted: SubscribeRequest) { state = LockedValue(State(wanted: wanted)) }

  /// Wants something else from now on; the sequence goes on.
  func replace(_ wanted: SubscribeRequest) { state.withLock { $0.wanted = wanted } }

  /// Adds an event, if it is wanted.
  ///
  /// - Returns: whether the session must be told that something waits
  func add(_ event: BindingEvent) -> Bool {
    state.withLock { state in
      let wanted = state.wanted
      guard wanted.kinds.contains(event.kind) else { return false }
      if let binding = event.binding, wanted.interfaceIndex != 0,
        wanted.interfaceIndex != UInt32(bitPattern: binding.attributes.interfaceIndex)
      {
        return false
      }
      state.queue.add(event, replaces: event.replaces)
      defer { state.isTold = true }
      return !state.isTold
    }
  }

  /// Takes the next event; nil when nothing waits.
  func takeFirst() -> EventMessage? {
    let entry = state.withLock { state in
      let entry = state.queue.takeFirst()
      if entry == nil { state.isTold = false }
      return entry
    }
    return entry.map(EventMessage.init)
  }
}

// SUBSCRIBE, and the events that follow.

extension Session {
  /// SUBSCRIBE: control tells the session's subscription what happens from now on.
  func subscribe(_ request: RequestParcel, _ wanted: SubscribeRequest) {
    if let subscription {
      subscription.replace(wanted)
      request.complete(.success)
      return
    }
    let made = Subscription(wanted)
    subscribed(made)
    host.handle(.subscribe(made), request, of: self)
  }
}

extension ControlLoop {
  /// Tells every session that wants to hear it, and may know of the binding.
  func announce(_ event: BindingEvent) {
    for (session, subscription) in subscribers.values {
      if let binding = event.binding,
        !policy.shows(binding.attributes, to: session.credentials)
      {
        continue
      }
      if subscription.add(event) { session.onHost { $0.eventsCame() } }
    }
  }

  /// Tells what became of a binding.
  func announce(_ kinds: [EventKind], of binding: AdapterBinding) {
    guard !subscribers.isEmpty else { return }
    let look = binding.snapshot
    for kind in kinds { announce(BindingEvent(kind, look)) }
  }
}

extension EventMessage {
  /// One event as a session is told.
  fileprivate init(_ entry: EventQueue<BindingEvent>.Entry) {
    self.init(
      sequence: entry.sequence, lost: entry.lost, timestamp: entry.event.timestamp,
      kind: entry.event.kind, changeCount: entry.changeCount,
      binding: entry.event.binding.map { BindingEntry($0) })
  }
}
