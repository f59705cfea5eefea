/// Where the binding of a protocol to an adapter is in its life cycle.
///
/// - Source: `Ndisprot.docc/Rules.md` section 2.9
public enum BindingState: UInt32, Sendable, CaseIterable {
  /// No binding.
  case unbound = 0
  /// The adapter is being opened.
  case opening = 1
  /// Bound, no frame moves.
  case paused = 2
  /// On the way from paused to running.
  case restarting = 3
  /// Frames move.
  case running = 4
  /// Draining sends, no new ones.
  case pausing = 5
  /// Being closed.
  case closing = 6

  /// The name printed by `ndisprotctl bindings`.
  public var name: String {
    switch self {
    case .unbound: "unbound"
    case .opening: "opening"
    case .paused: "paused"
    case .restarting: "restarting"
    case .running: "running"
    case .pausing: "pausing"
    case .closing: "closing"
    }
  }
}
