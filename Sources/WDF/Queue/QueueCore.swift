internal import Synchronization

/// A queue: its configuration, and its state behind one lock that is never held across a callback.
final class QueueCore: Sendable {
  let configuration: QueueConfiguration
  let isDefault: Bool
  let device: Core
  /// Excludes this queue's callbacks from each other, or from all of the device's.
  let callbackLock: CallbackLock?
  private let isHandedOff = Atomic<Bool>(false)
  let state: Guarded<QueueState>

  init(
    _ configuration: QueueConfiguration, device: Core, isDefault: Bool,
    callbackLock: CallbackLock?
  ) {
    self.callbackLock = callbackLock
    self.configuration = configuration
    self.device = device
    self.isDefault = isDefault
    state = Guarded(QueueState(configuration.dispatch))
  }

  func error(_ code: WdfError.Code) -> WdfError {
    WdfError(code, state.withLock { $0.core?.id })
  }

  /// Does what is to be done, until nothing is; on another thread if this one must not.
  func settle() {
    if mustHandOff {
      if handOff() { return }
    }
    settleHere()
  }

  /// A callback must not run inside the one that holds the lock, nor a passive one in a dispatch
  /// section.
  private var mustHandOff: Bool {
    if let callbackLock, callbackLock.isHeldHere, !ThreadState.isRunning(self) { return true }
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
    case .finished(let waiters): locked { for waiter in waiters { waiter() } }
    case .disposed(let core): core.framework.hookFinished(core)
    case .ready(let onReady): runCallback { onReady() }
    case .dispatch(let request): show(request)
    }
  }

  /// Runs a callback with the pass counted; what it makes possible is done when it has returned.
  private func runCallback(_ body: () -> Void) {
    let core = state.withLock { $0.core }
    ThreadState.running(self) {
      locked {
        if let core { core.framework.guarded(core, "queue callback", body) } else { body() }
      }
    }
    state.withLock { $0.passCount -= 1 }
  }

  private func locked(_ body: () -> Void) {
    if let callbackLock { callbackLock.run(body) } else { body() }
  }

  private func show(_ request: RequestCore) {
    runCallback {
      guard let core = state.withLock({ $0.core }) else {
        request.complete(.invalidDeviceState, information: 0, bytesNeeded: 0)
        return
      }
      let parameters = request.parameters
      let isTransfer = parameters.type == .read || parameters.type == .write
      if isTransfer, parameters.outputByteCount == 0, !configuration.allowsZeroLength {
        request.complete(.success, information: 0, bytesNeeded: 0)
        return
      }
      guard let handler = configuration.handlers[parameters.type] ?? configuration.defaultHandler
      else {
        request.complete(.invalidDeviceRequest, information: 0, bytesNeeded: 0)
        return
      }
      handler(Ref(core), OwnedRequest(request))
    }
  }

  private func runCancelledOnQueue(_ request: RequestCore) {
    runCallback {
      guard let core = state.withLock({ $0.core }), let handler = configuration.onCanceledOnQueue
      else {
        request.complete(configuration.cancelStatus, information: 0, bytesNeeded: 0)
        return
      }
      _ = request.move(from: .claimed, to: .owned)
      handler(Ref(core), OwnedRequest(request))
    }
  }
}

// MARK: Requests that come and go

extension QueueCore {
  /// What came of an attempt to queue a request.
  private enum Arrival { case refused(WdfError.Code), queued(hasWork: Bool), cancelled }

  /// Takes a request that another queue, or none, has shown to the driver.
  func take(_ request: RequestCore, forwardedTo core: Core) -> WdfError? {
    let source = request.queue
    guard source !== self else { return core.error(.invalidRequest) }
    if let file = request.file, file.device !== device { return core.error(.parentMismatch) }
    switch arrive(request, atHead: false) {
    case .refused(let code): return core.error(code)
    case .cancelled: endCancelled([request], nil)
    case .queued(let hasWork): if hasWork { settle() }
    }
    source?.countDown()
    return nil
  }

  /// Takes a request that nobody has seen; one that is not taken is completed.
  func submit(_ request: RequestCore) {
    switch arrive(request, atHead: false) {
    case .refused: request.complete(.invalidDeviceState, information: 0, bytesNeeded: 0)
    case .cancelled: endCancelled([request], nil)
    case .queued(let hasWork): if hasWork { settle() }
    }
  }

  /// Takes a request back that this queue has shown to the driver.
  func takeBack(_ request: RequestCore) -> WdfError? {
    guard configuration.isManual else { return error(.invalidRequest) }
    switch arrive(request, atHead: true) {
    case .refused(let code): return error(code)
    case .cancelled: endCancelled([request], nil)
    case .queued(let hasWork): if hasWork { settle() }
    }
    countDown()
    return nil
  }

  private func arrive(_ request: RequestCore, atHead: Bool) -> Arrival {
    state.withLock { state in
      if state.isDisposing || state.core == nil { return .refused(.deletePending) }
      guard atHead || state.isAccepting else { return .refused(.queueBusy) }
      request.queue = self
      let mustCancel =
        (atHead && state.isCancelling)
        || !request.move(from: .owned, to: .queued, toleratesCancel: false)
      if mustCancel {
        // Counted as the driver's until its completion has run, so that no purge ends before.
        _ = request.move(from: .owned, to: .claimed)
        state.ownedCount += 1
        return .cancelled
      }
      if atHead { state.queued.prepend(request) } else { state.queued.append(request) }
      state.noteArrival()
      return .queued(hasWork: state.hasWork)
    }
  }

  /// One request fewer is the driver's.
  func countDown() {
    let hasWork = state.withLock { state in
      state.ownedCount -= 1
      return state.hasWork
    }
    if hasWork { settle() }
  }

  /// A cancel won this queued request: takes it off the list and ends it.
  func finishClaimed(_ request: RequestCore, status: RequestStatus?) -> CancelOutcome {
    state.withLock { state in
      state.queued.remove(request)
      state.ownedCount += 1
    }
    return endCancelled([request], status) ? .completed : .requested
  }

  /// Ends requests that were won while queued: by the callback for those if there is one and the
  /// driver has seen them, else by completing them.
  ///
  /// True if all were completed.
  @discardableResult
  func endCancelled(_ requests: [RequestCore], _ status: RequestStatus?) -> Bool {
    var wereAllCompleted = true
    for request in requests {
      if configuration.onCanceledOnQueue != nil, request.isPresented {
        wereAllCompleted = false
        state.withLock { $0.cancelledOnQueue.append(request) }
      } else {
        request.complete(status ?? configuration.cancelStatus, information: 0, bytesNeeded: 0)
      }
    }
    if !wereAllCompleted { settle() }
    return wereAllCompleted
  }

  /// Lists an owned request among those that a purge cancels; false when one is under way.
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
