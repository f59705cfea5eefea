internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import WDF

/// The events that one session wants, and those that wait to be sent.
///
/// Control adds events; the loop that has the session takes them when the socket has room. The
/// session is notified once, however many events wait.
///
/// - Thread: any
final class Subscription: Sendable {
  private struct State: Sendable {
    var wanted: SubscribeRequest
    var queue = EventQueue<BindingEvent>()
    /// Whether the session has been notified.
    var isTold = false
  }
  private let state: LockedValue<State>

  init(_ wanted: SubscribeRequest) { state = LockedValue(State(wanted: wanted)) }

  /// Replaces the wanted events; the sequence continues.
  func replace(_ wanted: SubscribeRequest) { state.withLock { $0.wanted = wanted } }

  /// Adds an event, if it is wanted.
  ///
  /// - Returns: whether the session must be notified
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

  /// Takes the next event; nil if none waits.
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
  /// SUBSCRIBE: from now on control adds events to the session's subscription.
  func subscribe(_ request: RequestBox, _ wanted: SubscribeRequest) {
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
  /// Sends an event to every session that subscribed to it and may know of the binding.
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

  /// Sends events about a binding.
  func announce(_ kinds: [EventKind], of binding: AdapterBinding) {
    guard !subscribers.isEmpty else { return }
    let look = binding.snapshot
    for kind in kinds { announce(BindingEvent(kind, look)) }
  }
}

extension EventMessage {
  /// One event in the form of the control channel.
  fileprivate init(_ entry: EventQueue<BindingEvent>.Entry) {
    self.init(
      sequence: entry.sequence, lost: entry.lost, timestamp: entry.event.timestamp,
      kind: entry.event.kind, changeCount: entry.changeCount,
      binding: entry.event.binding.map { BindingEntry($0) })
  }
}
