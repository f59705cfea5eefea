/// The edge above: what a protocol driver is notified of about the interfaces of this host.
///
/// - Thread: control
/// - Windows: ProtocolBindAdapterEx, ProtocolNetPnPEvent, ProtocolUnbindAdapterEx
public protocol ProtocolDriver: AnyObject {
  /// An interface appeared, or existed at the start.
  func bindAdapter(_ attributes: AdapterAttributes)

  /// An interface changed: name, address, MTU, up, carrier.
  func adapterChanged(_ attributes: AdapterAttributes)

  /// An interface is gone.
  func unbindAdapter(interfaceIndex: Int32)

  /// Interfaces may have been replaced by others of the same index and name without a notification:
  /// messages were lost, and all interfaces have been reported again.
  func adaptersResynchronized()

  /// The first dump is complete: every existing interface has been reported once.
  func bindsComplete()
}

/// Reports interfaces to a protocol driver, until it is released.
///
/// - Thread: control
public protocol InterfaceSource: AnyObject {
  /// How often all interfaces were dumped again because messages were lost.
  var resyncCount: Int { get }
}
