internal import NDIS
internal import WDF

/// What the trace hears of a binding: once a batch, a message or a change, never once a frame.
///
/// - Thread: the binding's thread
struct BindingTrace {
  private let ring: TraceRing
  private let id: ObjectID
  private let scope: UInt32

  init(_ binding: AdapterBinding) {
    ring = binding.object.framework.traceRing
    id = binding.object.id
    scope = UInt32(bitPattern: binding.interfaceIndex)
  }

  /// Notes an event of the binding, or of one of its opens; a branch while nobody records.
  ///
  /// - Parameters:
  ///   - component: which way the frames go
  ///   - name: what happens
  ///   - open: to which open, if to one
  ///   - first: a number that the name explains
  ///   - second: another
  @inline(__always)
  func note(
    _ component: TraceComponent, _ name: StaticString, _ open: OpenContext? = nil,
    _ first: Int = 0, _ second: Int = 0
  ) {
    ring.record(
      component, name, open?.object.id ?? id, scope: scope,
      UInt64(truncatingIfNeeded: first), UInt64(truncatingIfNeeded: second))
  }
}

extension BindingStateMachine.Event {
  /// As the trace names it.
  var traceName: StaticString {
    switch self {
    case .bind: "bind"
    case .openSucceeded: "open succeeded"
    case .openFailed: "open failed"
    case .restart: "restart"
    case .restartSucceeded: "restart succeeded"
    case .restartFailed: "restart failed"
    case .pause: "pause"
    case .drained: "drained"
    case .unbind: "unbind"
    case .closed: "closed"
    case .powerLow: "power low"
    case .powerOn: "power on"
    }
  }
}
