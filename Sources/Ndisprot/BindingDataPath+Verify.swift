internal import NDIS

// After news of interfaces were lost, or a capture failed.

extension BindingDataPath {
  /// Whether the interface is still the one that was opened: one that went and came back with the same
  /// index, name and address leaves the sockets of the former deaf and mute.
  public var isInterfaceThere: Bool { miniport.isBound }
}
