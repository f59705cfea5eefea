internal import NDIS
internal import Platform
internal import WDF

/// Keeps a binding's frames captured as long as an open wants them, whatever happens to a capture
/// handle.
///
/// ``CaptureStateMachine`` decides; this opens, exchanges and closes handles, sets timers, and
/// answers the opens that wait for a handle. A failure is reported once, and retried.
///
/// - Thread: the binding's
/// - Source: `ndisprotd.docc/Architecture.md` sections 4, 5
final class CaptureSupervision: @unchecked Sendable {  // Confined to the binding's thread.
  /// How to open the handles of a binding, whatever its opens want.
  struct Settings: Sendable {
    let profile: CaptureProfile
    var ringByteCount: Int
    /// Whether sent frames skip the queueing discipline.
    var bypassesQdisc = false
  }

  /// Reports that an open's frames are captured from now on, or why it is refused.
  typealias Completion = (BindingError?) -> Void

  private struct Waiter {
    let openID: UInt64
    let completion: Completion
  }

  private let binding: AdapterBinding
  private let miniport: any MiniportAdapter
  private let executor: any Executor
  private var settings: Settings
  /// Receives the frames; set before the first open.
  weak var handler: ReceiveHandler?
  private var machine: CaptureStateMachine
  private var demand = CaptureDemand()
  /// The configuration of the current handles, and of those being opened.
  private var current: CaptureConfiguration?
  private var next: CaptureConfiguration?
  private var waiters: [Waiter] = []
  private var retry: (any ScheduledWork)?
  private var isOpen = false
  private var wasActive = false
  /// Whether the failure of the capture has been reported.
  private var isFailureTold = false
  /// Receives reports on the capture.
  var news: (CaptureNews) -> Void = { _ in }

  init(
    _ binding: AdapterBinding, _ miniport: any MiniportAdapter, _ executor: any Executor,
    _ settings: Settings
  ) {
    self.binding = binding
    self.miniport = miniport
    self.executor = executor
    self.settings = settings
    machine = CaptureStateMachine(isPowered: binding.snapshot.isPowered)
  }

  /// What the handles counted.
  var statistics: CaptureStatistics { miniport.statistics }

  /// The capacity of the current handles.
  var ring: CaptureRing { miniport.ring }

  /// The granted size of a handle's ring, in bytes.
  var ringByteCount: Int { settings.ringByteCount }

  // MARK: Opens

  /// Also captures what an open wants.
  ///
  /// - Parameters:
  ///   - openID: the open's number
  ///   - options: what it wants
  ///   - completion: called once, possibly before this returns; `remove` has to be called in either
  ///     case
  func add(_ openID: UInt64, _ options: OpenOptions, completion: @escaping Completion) {
    let isMore = demand.add(options)
    do throws(MiniportError) {
      try open()
      if machine.isCapturing, isMore { try update() }
    } catch {
      return completion(.miniport(error))
    }
    do throws(MiniportError) {
      if options.flags.priority > 0 { try miniport.checkPriority(options.flags.priority) }
    } catch {
      return completion(.priorityRefused(options.flags.priority, error))
    }
    guard !machine.isCapturing || isOutdated else { return completion(nil) }
    waiters.append(Waiter(openID: openID, completion: completion))
    // The handle being opened may suffice.
    if !machine.isMaking || isOutdated { perform(machine.handle(.need)) }
    if machine.state == .asleep { refuse(.miniport(.notUp)) }
  }

  /// An open, or its wait, ends.
  ///
  /// A filter that stays too wide does no harm, but should not stay so: if it cannot be changed the
  /// handle is reopened.
  func remove(_ openID: UInt64, _ options: OpenOptions) {
    let isLess = demand.remove(options)
    if let index = waiters.firstIndex(where: { $0.openID == openID }) {
      waiters.remove(at: index).completion(.adapterNotFound)
    }
    if demand.isEmpty, !machine.isCapturing { return perform(machine.handle(.unneeded)) }
    guard isLess, machine.isCapturing else { return }
    do throws(MiniportError) {
      try update()
    } catch {
      tell(error)
      perform(machine.handle(.need))
    }
  }

  private func open() throws(MiniportError) {
    guard !isOpen, let handler else { return }
    try miniport.open(handler: handler)
    isOpen = true
    guard settings.bypassesQdisc else { return }
    do throws(MiniportError) {
      try miniport.bypassQdisc()
    } catch {
      news(.bypassRefused(error))
    }
  }

  private func update() throws(MiniportError) {
    try miniport.update(
      etherTypes: demand.etherTypes, includesOutgoing: demand.includesOutgoing)
    if !demand.includesOutgoing { current?.includesOutgoing = false }
  }

  // MARK: The interface

  /// The interface changed: its power, its MTU, its name.
  func follow(_ snapshot: AdapterBinding.Snapshot) {
    let isComing = snapshot.isPowered && !machine.isPowered
    if snapshot.isPowered != machine.isPowered {
      perform(machine.handle(snapshot.isPowered ? .powerOn : .powerLow))
    }
    guard let present = next ?? current, !demand.isEmpty else { return }
    // libpcap looks its interface up, by the name that it knows, only when that comes up again.
    let isRenamed = isComing && present.interfaceName != snapshot.attributes.name
    if snapshot.attributes.mtu > present.mtu || isRenamed { perform(machine.handle(.need)) }
  }

  /// The handles' ring gets another size: they are exchanged, and no frame is lost.
  func resize(to byteCount: Int) {
    guard byteCount != settings.ringByteCount else { return }
    settings.ringByteCount = byteCount
    if !demand.isEmpty, machine.isCapturing || machine.isMaking {
      perform(machine.handle(.need))
    }
  }

  /// Checks that the interface is still the one that was opened, and reports if it is not.
  ///
  /// - Returns: whether it is
  @discardableResult
  func check() -> Bool {
    guard isOpen, miniport.isReplaced else { return true }
    news(.vanished)
    return false
  }

  /// A handle captures no more.
  func failed(_ error: MiniportError) {
    perform(machine.handle(.captureFailed(now: monotonicNanoseconds())))
    if demand.isEmpty, !machine.isCapturing {
      perform(machine.handle(.unneeded))
    } else if error != .noSuchDevice {
      // A removed interface is reported by the watch; otherwise the retry will find the cause.
      tell(error)
    }
  }

  // MARK: Closing

  /// Reads what is left and closes the sockets.
  ///
  /// - Parameters:
  ///   - error: the error for opens that still wait
  ///   - completion: called once, possibly before this returns, when everything is counted
  func close(refusing error: BindingError, completion: @escaping () -> Void) {
    refuse(error)
    isFailureTold = false
    _ = machine.handle(.unneeded)
    cancelRetry()
    (current, next) = (nil, nil)
    miniport.deactivate { [self] in
      if isOpen { miniport.close() }
      isOpen = false
      completion()
    }
  }

  // MARK: Acting

  private func perform(_ action: CaptureStateMachine.Action) {
    switch action {
    case .none: break
    case .make: make()
    case .close: discard()
    case .retry(let delay): scheduleRetry(after: delay)
    case .closeAndRetry(let delay):
      discard()
      scheduleRetry(after: delay)
    case .cancelRetry: cancelRetry()
    }
  }

  private func make() {
    cancelRetry()
    // By now the watch has reported a removed interface, unless that message was lost.
    guard check() else { return }
    let configuration = wanted
    next = configuration
    miniport.activate(configuration) { [weak self] error in
      if let error { self?.makeFailed(error) } else { self?.made() }
    }
  }

  /// The configuration for a handle that is opened now.
  private var wanted: CaptureConfiguration {
    let attributes = binding.snapshot.attributes
    return CaptureConfiguration(
      profile: settings.profile, ringByteCount: settings.ringByteCount,
      etherTypes: demand.etherTypes,
      includesOutgoing: demand.includesOutgoing, mtu: attributes.mtu,
      interfaceName: attributes.name)
  }

  /// Whether the current handles, or those being opened, lack what an open wants.
  private var isOutdated: Bool {
    guard let present = next ?? current else { return false }
    return demand.includesOutgoing && !present.includesOutgoing
      || binding.snapshot.attributes.mtu > present.mtu
  }

  private func made() {
    (current, next) = (next, nil)
    if wasActive { binding.noteReset() }
    wasActive = true
    perform(machine.handle(.made(now: monotonicNanoseconds())))
    do throws(MiniportError) {
      // The opens may have changed by now.
      try update()
    } catch {
      return failed(error)
    }
    guard machine.state == .running else { return }
    answer(nil)
    guard isFailureTold else { return }
    isFailureTold = false
    news(.recovered)
  }

  private func makeFailed(_ error: MiniportError) {
    next = nil
    perform(machine.handle(.makeFailed(now: monotonicNanoseconds())))
    refuse(.miniport(error))
    // What only the refused opens wanted is not missing.
    if !demand.isEmpty, !machine.isCapturing || isOutdated { tell(error) }
  }

  private func discard() {
    cancelRetry()
    (current, next) = (nil, nil)
    miniport.deactivate {}
  }

  private func scheduleRetry(after nanoseconds: UInt64) {
    cancelRetry()
    retry = executor.schedule(afterNanoseconds: nanoseconds) { [weak self] in
      guard let self else { return }
      retry = nil
      perform(machine.handle(.retryDue))
    }
  }

  private func cancelRetry() {
    retry?.cancel()
    retry = nil
  }

  private func tell(_ error: MiniportError) {
    // For an interface that is down, its power state says enough.
    guard !isFailureTold, machine.isPowered else { return }
    isFailureTold = true
    news(.failed(error))
  }

  /// Refuses the opens that wait for a handle.
  func refuse(_ error: BindingError) { answer(error) }

  private func answer(_ error: BindingError?) {
    let answered = waiters
    waiters = []
    for waiter in answered { waiter.completion(error) }
  }
}
