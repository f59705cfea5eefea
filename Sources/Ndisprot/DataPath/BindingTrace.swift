internal import NDIS
internal import WDF

/// What a binding writes to the trace: once per batch, message or change, never per frame.
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

  /// Records an event of the binding, or of one of its opens; costs one branch while tracing is
  /// off.
  ///
  /// - Parameters:
  ///   - component: the direction of the frames
  ///   - name: what happens
  ///   - open: the open, if it concerns one
  ///   - first: a number whose meaning depends on the name
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
  /// The name in the trace.
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
