public import NDIS

/// Observes the bindings, and runs their data paths.
///
/// - Thread: control
public protocol BindingObserver: AnyObject {
  /// An interface is bound.
  func bindingAdded(_ binding: AdapterBinding)
  /// Its attributes changed.
  ///
  /// - Parameters:
  ///   - binding: the binding, already in its new state
  ///   - changes: the events that clients receive
  ///   - action: what its data path has to do about a change of power
  func bindingChanged(
    _ binding: AdapterBinding, _ changes: [EventKind], _ action: BindingStateMachine.Action)
  /// Its name, address or driver changed, which rules may match on: the rights of its opens have to
  /// be computed again.
  func rulesMayDiffer(for binding: AdapterBinding)
  /// It takes no more writes; call `drained` when the pended ones are done.
  func bindingPauses(_ binding: AdapterBinding)
  /// It is paused, or runs again.
  ///
  /// - Parameters:
  ///   - binding: the binding, already in its new state
  ///   - action: what its data path has to do
  ///   - cancelledWrites: writes that were cancelled because they did not finish in time
  func bindingStateChanged(
    _ binding: AdapterBinding, _ action: BindingStateMachine.Action, cancelledWrites: Int)
  /// Messages about interfaces were lost: every open interface must be checked, and
  /// `adapterReplaced` called for each that is a different one now.
  func interfacesMayBeReplaced()
  /// It is unbound: all its pended requests must complete.
  func bindingRemoved(_ binding: AdapterBinding)
  /// Every interface that existed at the start is bound or refused.
  func bindsComplete()
  /// A wanted interface cannot be bound.
  func bindRefused(_ attributes: AdapterAttributes, _ error: BindError)
}

/// Why a wanted interface is not bound.
public enum BindError: Error, Hashable, Sendable {
  /// It is not Ethernet (rule B-5).
  case unsupportedMedium(hardwareType: UInt16, isLoopback: Bool)
  /// libpcap would take each of its names for a source of frames other than an interface.
  case unusableName
}
