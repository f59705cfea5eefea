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

  /// News were lost and all interfaces were asked for again: one that seems to be as it was may be
  /// another with the same index, name and address.
  func interfacesDoubtful()

  /// The first dump is through: every interface there was has been offered once.
  func bindsComplete()
}

/// Who tells a protocol driver of interfaces, as long as somebody keeps it.
///
/// - Thread: control
public protocol InterfaceSource: AnyObject {
  /// How often all interfaces were asked for again because something was lost.
  var resyncCount: Int { get }

  /// An interface turned out to be another than was reported: the driver hears that it went, and came.
  func replaced(interfaceIndex: Int32)
}
