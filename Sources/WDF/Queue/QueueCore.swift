internal import Platform
internal import Synchronization

/// A queue: its configuration, and its state behind one lock that is never held across a callback.
final class QueueCore: Sendable {
  private static let lastNumber = Atomic<UInt64>(0)

  let isManual: Bool
  let isParallel: Bool
  let isDefault: Bool
  let timeoutNanoseconds: UInt64?
  let device: ObjectHeader
  /// Excludes this queue's callbacks from each other, or from all of the device's.
  let callbackLock: CallbackLock?
  private let isHandedOff = Atomic<Bool>(false)
  /// Fires at the earliest deadline.
  let alarm = Alarm()
  let state: LockedValue<QueueState>

  init(
    _ configuration: QueueConfiguration, device: ObjectHeader, isDefault: Bool,
    callbackLock: CallbackLock?
  ) {
    self.callbackLock = callbackLock
    self.device = device
    self.isDefault = isDefault
    isManual = configuration.isManual
    isParallel = if case .parallel = configuration.dispatch { true } else { false }
    timeoutNanoseconds = configuration.timeout?.clampedNanoseconds
    let number = Self.lastNumber.wrappingAdd(1, ordering: .relaxed).newValue
    state = LockedValue(QueueState(configuration, number: number))
  }

  func error(_ code: WdfError.Code) -> WdfError {
    WdfError(code, state.withLock { $0.core?.id })
  }

  /// Does all pending work; on another thread if this one must not.
  func settle() {
    if mustHandOff {
      if handOff() { return }
    }
    settleHere()
  }

  /// A callback must not run inside one that holds a callback lock, this queue's or another's that
  /// may be waiting for it in reverse order; nor a passive one in a dispatch section.
  private var mustHandOff: Bool {
    if callbackLock != nil, ThreadState.holdsCallbackLock, !ThreadState.isRunning(self) {
      return true
    }
    guard DispatchSection.isActive else { return false }
    return state.withLock { $0.core?.isPassive ?? false }
  }

  private func handOff() -> Bool {
    guard let core = state.withLock({ $0.core }) else { return false }
    guard !isHandedOff.exchange(true, ordering: .acquiringAndReleasing) else { return true }
    core.framework.post { [self] in
      isHandedOff.store(false, ordering: .releasing)
      settle()
    }
    return true
  }

  private func settleHere() {
    let isHere = ThreadState.isRunning(self)
    while let action = state.withLock({ $0.next(isDispatchingHere: isHere) }) { perform(action) }
  }

  private func perform(_ action: QueueState.Action) {
    switch action {
    case .cancelledOnQueue(let request): runCancelledOnQueue(request)
    case .finished(let waiters):
      running { for waiter in waiters { waiter() } }
    case .disposed(let core): core.framework.hookFinished(core)
    case .ready(let onReady): runCallback { onReady() }
    case .dispatch(let request): show(request)
    }
  }

  /// Runs a callback and counts it; the work that it makes possible follows when it has returned.
  private func runCallback(_ body: () -> Void) {
    running(body)
    state.withLock { $0.passCount -= 1 }
  }

  /// Runs a callback of this queue, exclusively if its callbacks must not overlap.
  private func running(_ body: () -> Void) {
    let core = state.withLock { $0.core }
    func call() {
      guard let core else { return body() }
      ThreadState.running(self, of: core.framework) {
        core.framework.checked(core, "queue callback", body)
      }
    }
    if let callbackLock { callbackLock.run(call) } else { call() }
  }

  private func show(_ request: RequestCore) {
    let parameters = request.parameters
    let (core, handler, allowsZeroLength) = state.withLock {
      ($0.core, $0.configuration.handler(parameters.type), $0.configuration.allowsZeroLength)
    }
    runCallback {
      let isTransfer = parameters.type == .read || parameters.type == .write
      if isTransfer, parameters.outputByteCount == 0, !allowsZeroLength {
        request.complete(.success, information: 0, bytesNeeded: 0)
      } else if let core, let handler {
        handler(Ref(core), OwnedRequest(request))
      } else {
        let status: RequestStatus = core == nil ? .invalidDeviceState : .invalidDeviceRequest
        request.complete(status, information: 0, bytesNeeded: 0)
      }
    }
  }

  private func runCancelledOnQueue(_ request: RequestCore) {
    let (core, handler) = state.withLock { ($0.core, $0.configuration.onCanceledOnQueue) }
    runCallback {
      guard let core, let handler else {
        request.complete(cancelStatus(of: request), information: 0, bytesNeeded: 0)
        return
      }
      _ = request.move(from: .claimed, to: .owned)
      handler(Ref(core), OwnedRequest(request))
    }
  }

  /// The completion status of a request cancelled here, by its client or because it timed out.
  func cancelStatus(of request: RequestCore) -> RequestStatus {
    request.isTimedOut ? .timedOut : state.withLock { $0.configuration.cancelStatus }
  }
}

// MARK: Arrival and departure of requests

extension QueueCore {
  /// The result of an attempt to queue a request.
  private enum Arrival { case refused(WdfError.Code), queued(hasWork: Bool), cancelled }

  /// Accepts a request, from another queue or from none; on an error it stays where it was.
  func take(_ request: RequestCore, forwardedTo core: ObjectHeader) -> WdfError? {
    let source = request.queue
    guard source !== self else { return core.error(.invalidRequest) }
    if let file = request.file, !file.belongs(to: device) { return core.error(.parentMismatch) }
    // Before the arrival: after it another thread may have the request.
    let deadline = source?.takeDeadline(request)
    guard let refusal = arrived(request, atHead: false) else {
      source?.countDown()
      return nil
    }
    source?.restoreDeadline(request, deadline ?? nil)
    return core.error(refusal)
  }

  /// Takes back a request that this queue has presented to the driver.
  func takeBack(_ request: RequestCore) -> WdfError? {
    guard isManual else { return error(.invalidRequest) }
    if let refusal = arrived(request, atHead: true) { return error(refusal) }
    countDown()
    return nil
  }

  /// Queues a request, or ends it if it was cancelled; returns the error if it did neither.
  private func arrived(_ request: RequestCore, atHead: Bool) -> WdfError.Code? {
    switch arrive(request, atHead: atHead) {
    case .refused(let code): return code
    case .cancelled: endCancelled([request], nil)
    case .queued(let hasWork): if hasWork { settle() }
    }
    return nil
  }

  private func arrive(_ request: RequestCore, atHead: Bool) -> Arrival {
    // A request that is put back keeps its deadline here.
    let deadline =
      atHead ? nil : request.deadline ?? timeoutNanoseconds.map { monotonicNanoseconds() &+ $0 }
    let arrival: Arrival = state.withLock { state in
      if state.isDisposing || state.core == nil { return .refused(.deletePending) }
      guard atHead || state.isAccepting else { return .refused(.queueBusy) }
      request.queue = self
      if let deadline { state.setDeadline(request, deadline) }
      let mustCancel =
        (atHead && state.isCancelling)
        || !request.move(from: .owned, to: .queued, toleratesCancel: false)
      if mustCancel {
        // Counted as the driver's until its completion has run, so that no purge ends earlier.
        _ = request.move(from: .owned, to: .claimed)
        state.ownedCount += 1
        return .cancelled
      }
      state.list(request, atHead: atHead)
      state.noteArrival()
      return .queued(hasWork: state.hasWork)
    }
    if case .refused = arrival { return arrival }
    if deadline != nil { setAlarm() }
    return arrival
  }

  /// The driver has one request fewer.
  func countDown() {
    let hasWork = state.withLock { state in
      state.ownedCount -= 1
      return state.hasWork
    }
    if hasWork { settle() }
  }

  /// A request of the driver has ended.
  func end(_ request: RequestCore) {
    let (hadDeadline, hasWork) = state.withLock { state in
      state.ownedCount -= 1
      return (state.takeDeadline(request) != nil, state.hasWork)
    }
    if hadDeadline { setAlarm() }
    if hasWork { settle() }
  }

  /// A cancel claimed this queued request: removes it from the list and ends it.
  func finishClaimed(_ request: RequestCore, status: RequestStatus?) -> CancelOutcome {
    state.withLock { $0.delist(request) }
    return endCancelled([request], status) ? .completed : .requested
  }

  /// Ends requests that were claimed while queued: through the callback for them if there is one
  /// and the driver has seen them, otherwise by completing them.
  ///
  /// True if all were completed.
  @discardableResult
  func endCancelled(_ requests: [RequestCore], _ status: RequestStatus?) -> Bool {
    let hasCallback = state.withLock { $0.configuration.onCanceledOnQueue != nil }
    var wereAllCompleted = true
    for request in requests {
      if hasCallback, request.isPresented {
        wereAllCompleted = false
        state.withLock { $0.cancelledOnQueue.append(request) }
      } else {
        let status = status ?? cancelStatus(of: request)
        request.complete(status, information: 0, bytesNeeded: 0)
      }
    }
    if !wereAllCompleted { settle() }
    return wereAllCompleted
  }

  /// Adds an owned request to those that a purge cancels; false if a purge is in progress.
  func rememberCancelable(_ request: RequestCore) -> Bool {
    state.withLock { state in
      guard !state.isCancelling else { return false }
      state.cancelable[ObjectIdentifier(request)] = request
      return true
    }
  }

  func forgetCancelable(_ request: RequestCore) {
    state.withLock { _ = $0.cancelable.removeValue(forKey: ObjectIdentifier(request)) }
  }
}
