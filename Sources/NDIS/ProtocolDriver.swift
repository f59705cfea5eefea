/// The edge above: what a protocol driver hears of the interfaces of this host.
///
/// - Thread: control
/// - Windows: ProtocolBindAdapterEx, ProtocolNetPnPEvent, ProtocolUnbindAdapterEx
public protocol ProtocolDriver: AnyObject {
  /// An interface is there, or was there at the start.
  func bindAdapter(_ attributes: AdapterAttributes)

  /// Something about an interface is not as it was: name, address, MTU, up, carrier.
  func adapterChanged(_ attributes: AdapterAttributes)

  /// An interface is gone.
  func unbindAdapter(interfaceIndex: Int32)

  /// Interfaces may have been replaced by others of the same index and name, and nobody was told:
  /// news were lost, and all interfaces have been told again.
  func adaptersResynchronized()

  /// The first dump is through: every interface there was has been offered once.
  func bindsComplete()
}

/// Who tells a protocol driver of interfaces, as long as somebody keeps it.
///
/// - Thread: control
public protocol InterfaceSource: AnyObject {
  /// How often all interfaces were asked for again because something was lost.
  var resyncCount: Int { get }
}
