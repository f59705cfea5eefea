public import NDIS
internal import Platform
public import WDF

/// The driver: its bindings, and the requests that wait for them.
///
/// - Thread: control, unless stated otherwise
/// - Windows: ntdisp.c and the globals of the sample
public final class NdisprotDriver: ProtocolDriver, @unchecked Sendable {
  // Unchecked: confined to control; `bindings`, which other loops read, guards itself.
  private var wanted: [InterfaceMatch]
  /// Every interface of the namespace, in case another one becomes wanted.
  private var known: [Int32: AdapterAttributes] = [:]
  private let framework: Ref<Driver>
  /// In bind order; read by every loop.
  private let bindingList: BindingList
  private let bindWait = BindWait()
  /// The requests that wait until a binding is paused.
  private var pauses: [Int32: [RequestBox]] = [:]
  private var isDeregistered = false
  private let card: (any NICQuerying)?
  private let openNumbers = OpenNumbers()
  /// Runs the data paths.
  public weak var observer: (any BindingObserver)?

  /// Creates a driver that binds these interfaces, present now or later.
  ///
  /// Without a card service, OIDs that need the NIC are not supported.
  public init(
    wanted: [InterfaceMatch], framework: Ref<Driver>, card: (any NICQuerying)? = nil
  ) {
    self.card = card
    self.wanted = wanted
    self.framework = framework
    bindingList = BindingList()
  }

  /// The bindings, readable from every loop.
  public var bindings: BindingList { bindingList }

  // MARK: Interfaces

  /// Every interface of the namespace, wanted or not.
  public var interfaces: [AdapterAttributes] { Array(known.values) }

  /// Binds a wanted Ethernet interface: opening, paused, running (rules B-2, B-4, B-21).
  public func bindAdapter(_ attributes: AdapterAttributes) {
    note(attributes)
    guard !isDeregistered, isWanted(attributes),
      bindingList.binding(interfaceIndex: attributes.interfaceIndex) == nil
    else { return }
    guard attributes.isEthernet else {
      observer?.bindRefused(
        attributes,
        .unsupportedMedium(
          hardwareType: attributes.hardwareType, isLoopback: attributes.isLoopback))
      return
    }
    guard attributes.details.isCapturable else {
      observer?.bindRefused(attributes, .unusableName)
      return
    }
    let beginning = monotonicNanoseconds()
    let binding: AdapterBinding
    do throws(WdfError) {
      binding = try AdapterBinding.make(
        attributes, under: framework, numbers: openNumbers, card: card
      ) { [weak self] in self?.unbind($0) }
    } catch {
      // The driver is being unloaded.
      return
    }
    _ = binding.handle(.bind)
    _ = binding.handle(.openSucceeded)
    binding.update(attributes)
    _ = binding.handle(.restart)
    _ = binding.handle(.restartSucceeded)
    binding.noteBound(afterNanoseconds: monotonicNanoseconds() &- beginning)
    bindingList.append(binding)
    observer?.bindingAdded(binding)
    bindWait.bindingsChanged(isBound: isBound)
  }

  /// Applies a change of an interface; one that takes a wanted name is bound now (D-37, D-38, A-9).
  public func adapterChanged(_ attributes: AdapterAttributes) {
    guard let binding = bindingList.binding(interfaceIndex: attributes.interfaceIndex) else {
      bindAdapter(attributes)
      return
    }
    note(attributes)
    let former = binding.snapshot.attributes
    let update = binding.update(attributes)
    if !attributes.isNamedLike(former) { observer?.rulesMayDiffer(for: binding) }
    observer?.bindingChanged(binding, update.changes, update.action)
    if attributes.names != former.names { bindWait.bindingsChanged(isBound: isBound) }
  }

  private func note(_ attributes: AdapterAttributes) {
    known[attributes.interfaceIndex] = attributes
    bindingList.note(attributes.name, of: attributes.interfaceIndex)
  }

  /// The interface is gone (rules B-23…B-36).
  public func unbindAdapter(interfaceIndex: Int32) {
    known[interfaceIndex] = nil
    bindingList.note(nil, of: interfaceIndex)
    guard let binding = bindingList.binding(interfaceIndex: interfaceIndex) else { return }
    _ = try? binding.object.delete()
  }

  /// Asks the observer to check every open interface.
  public func adaptersResynchronized() { observer?.interfacesMayBeReplaced() }

  /// The interface is gone, and another one has its index: the old binding is removed, and the new
  /// interface added.
  public func adapterReplaced(_ binding: AdapterBinding) {
    let index = binding.interfaceIndex
    guard bindingList.binding(interfaceIndex: index) === binding, let attributes = known[index]
    else { return }
    unbindAdapter(interfaceIndex: index)
    bindAdapter(attributes)
  }

  private func isWanted(_ attributes: AdapterAttributes) -> Bool {
    wanted.contains { $0.matches(attributes) }
  }

  /// Binds the interfaces that have become wanted, and unbinds those that no longer are.
  ///
  /// - Returns: how many were bound and unbound
  public func follow(_ wanted: [InterfaceMatch]) -> (bound: Int, unbound: Int) {
    self.wanted = wanted
    let superfluous = bindingList.snapshot.bindings.filter {
      !isWanted($0.snapshot.attributes)
    }
    for binding in superfluous { _ = try? binding.object.delete() }
    let before = bindingList.snapshot.bindings.count
    for attributes in known.values.sorted(by: { $0.interfaceIndex < $1.interfaceIndex }) {
      bindAdapter(attributes)
    }
    return (bindingList.snapshot.bindings.count - before, superfluous.count)
  }

  /// The cleanup of a binding: it leaves the list, and all its pended requests complete.
  private func unbind(_ binding: AdapterBinding) {
    guard binding.handle(.unbind) == .close else { return }
    bindingList.remove(binding)
    endPause(of: binding, .adapterRemoved)
    observer?.bindingRemoved(binding)
    _ = binding.handle(.closed)
  }

  /// Deregisters the protocol: everything is unbound, and nothing will be bound again (rule U-2).
  ///
  /// - Windows: NdisDeregisterProtocolDriver
  public func deregister() {
    isDeregistered = true
    for binding in bindingList.snapshot.bindings { _ = try? binding.object.delete() }
    bindWait.cancelAll()
  }

  /// The first interfaces are all bound or refused.
  public func bindsComplete() {
    bindWait.bindsComplete(isBound: isBound)
    observer?.bindsComplete()
  }

  private func isBound(_ name: InterfaceName) -> Bool { bindingList.binding(named: name) != nil }

  // MARK: Pause and restart

  /// Stops all frames: pended writes go out, then received frames are dropped (B-16…B-18).
  ///
  /// - Parameters:
  ///   - binding: if already paused, it stays paused
  ///   - parcel: completes when the binding is paused
  /// - Windows: NetEventPause
  public func pause(_ binding: AdapterBinding, _ parcel: RequestBox) {
    switch binding.handle(.pause) {
    case .drainSends:
      pauses[binding.interfaceIndex] = [parcel]
      observer?.bindingPauses(binding)
    case .none where binding.state == .pausing:
      pauses[binding.interfaceIndex, default: []].append(parcel)
    case .none where binding.isActive: parcel.complete(.success)
    case .illegal where binding.isActive: parcel.complete(.busy)
    default: parcel.complete(.adapterNotFound)
    }
  }

  /// The pended writes of a pausing binding are done.
  ///
  /// - Parameters:
  ///   - binding: ignored if it was unbound meanwhile
  ///   - cancelledWrites: writes that were cancelled because they did not finish in time (D-39)
  public func drained(_ binding: AdapterBinding, cancelledWrites: Int) {
    let action = binding.handle(.drained)
    guard action == .flushReceived else { return }
    observer?.bindingStateChanged(binding, action, cancelledWrites: cancelledWrites)
    endPause(of: binding, .success)
  }

  private func endPause(of binding: AdapterBinding, _ status: CompletionStatus) {
    let waiting = pauses.removeValue(forKey: binding.interfaceIndex) ?? []
    for parcel in waiting { parcel.complete(status) }
  }

  /// Lets frames move again (rules B-19…B-22, D-13).
  ///
  /// What NDIS passes with a restart, MTU and options, is what rtnetlink reported last.
  /// - Parameters:
  ///   - binding: if already running, it keeps running
  ///   - parcel: completes at once; with `busy` while the binding is pausing
  /// - Windows: NetEventRestart
  public func restart(_ binding: AdapterBinding, _ parcel: RequestBox) {
    switch binding.handle(.restart) {
    case .restart:
      let action = binding.handle(.restartSucceeded)
      observer?.bindingStateChanged(binding, action, cancelledWrites: 0)
      parcel.complete(.success)
    case .none where binding.isActive: parcel.complete(.success)
    case .illegal where binding.isActive: parcel.complete(.busy)
    default: parcel.complete(.adapterNotFound)
    }
  }

  // MARK: Waiting

  /// Completes a request when `names` are bound; an empty list means any first bind.
  ///
  /// The charge for the wait is kept until the wait ends.
  public func wait(
    _ request: consuming OwnedRequest, names: [InterfaceName], timeoutNanoseconds: UInt64,
    executor: any Executor, charge: consuming Charge
  ) {
    bindWait.add(
      request, names: names, timeoutNanoseconds: timeoutNanoseconds, executor: executor,
      charge: charge, isBound: isBound)
  }

  /// Cancels a wait of a session; false if the session has none with this id.
  public func cancelWait(_ id: UInt64, of file: Ref<FileObject>) -> Bool {
    bindWait.cancel(id, of: file.id)
  }

  /// Cancels every wait of a session.
  public func cancelWaits(of file: Ref<FileObject>) { bindWait.cancelAll(of: file.id) }
}
