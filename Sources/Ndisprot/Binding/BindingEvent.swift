public import NDIS
internal import Platform

/// Something that happened, with the state of the binding after it.
///
/// - Source: D-6; Q-42: the state is updated before any client receives the event
public struct BindingEvent: Sendable {
  /// What happened.
  public let kind: EventKind
  /// When, in nanoseconds since the epoch.
  public let timestamp: UInt64
  /// The binding after the event; nil if the event is about the daemon.
  public let binding: AdapterBinding.Snapshot?

  /// Makes an event that happens now.
  public init(_ kind: EventKind, _ binding: AdapterBinding.Snapshot?) {
    self.kind = kind
    self.binding = binding
    timestamp = realtimeNanoseconds()
  }

  /// Whether this event includes everything that an earlier one reported.
  public func replaces(_ earlier: BindingEvent) -> Bool {
    kind.isLevel && kind == earlier.kind
      && binding?.attributes.interfaceIndex == earlier.binding?.attributes.interfaceIndex
  }
}
