public import NDIS

/// Hears what becomes of each binding, and runs their data paths.
///
/// - Thread: control
public protocol BindingObserver: AnyObject {
  /// An interface is bound.
  func bindingAdded(_ binding: AdapterBinding)
  /// Its attributes changed.
  ///
  /// - Parameters:
  ///   - binding: the binding, already as it is now
  ///   - changes: what clients hear of
  ///   - action: what its data path has to do about a change of power
  func bindingChanged(
    _ binding: AdapterBinding, _ changes: [EventKind], _ action: BindingStateMachine.Action)
  /// Its name, address or driver is another, of which rules speak: what its opens may do is what the
  /// rules say of it now.
  func rulesMayDiffer(for binding: AdapterBinding)
  /// It takes no more writes: when those that are pended are through, `drained` is due.
  func bindingPauses(_ binding: AdapterBinding)
  /// It is paused, or runs again.
  ///
  /// - Parameters:
  ///   - binding: the binding, already as it is now
  ///   - action: what its data path has to do
  ///   - cancelledWrites: writes that were not through in time
  func bindingStateChanged(
    _ binding: AdapterBinding, _ action: BindingStateMachine.Action, cancelledWrites: Int)
  /// News of interfaces were lost: those that are open are to be looked at, and `adapterReplaced` is
  /// due for each that is another now.
  func interfacesMayBeReplaced()
  /// It is unbound: whatever is pended on it must complete.
  func bindingRemoved(_ binding: AdapterBinding)
  /// Every interface there was at the start is bound or refused.
  func bindsComplete()
  /// A wanted interface cannot be bound.
  func bindRefused(_ attributes: AdapterAttributes, _ error: BindError)
}

/// Why a wanted interface is not bound.
public enum BindError: Error, Hashable, Sendable {
  /// It is not Ethernet (rule B-5).
  case unsupportedMedium(hardwareType: UInt16, isLoopback: Bool)
  /// libpcap takes each of its names for a source of frames that is no interface.
  case unusableName
}
