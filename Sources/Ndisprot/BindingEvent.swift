public import NDIS
internal import Platform

/// Something that happened, with how the binding is since.
///
/// - Source: D-6; Q-42: the state is updated before anybody hears of it
public struct BindingEvent: Sendable {
  /// What happened.
  public let kind: EventKind
  /// When, in nanoseconds since the epoch.
  public let timestamp: UInt64
  /// The binding as it is behind that; nil if it is about the daemon.
  public let binding: AdapterBinding.Snapshot?

  /// Makes an event that happens now.
  public init(_ kind: EventKind, _ binding: AdapterBinding.Snapshot?) {
    self.kind = kind
    self.binding = binding
    timestamp = realtimeNanoseconds()
  }

  /// Whether this tells all that an earlier one told.
  public func replaces(_ earlier: BindingEvent) -> Bool {
    kind.isLevel && kind == earlier.kind
      && binding?.attributes.interfaceIndex == earlier.binding?.attributes.interfaceIndex
  }
}
