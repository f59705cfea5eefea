internal import Platform
internal import Synchronization

extension QueueCore {
  /// Refuses new requests, and cancels the queued and the cancelable ones.
  func purge(_ status: RequestStatus?, _ completion: QueueState.Completion?) throws(WdfError) {
    try cancelAll(status) { state in
      state.isAccepting = false
      state.isDispatching = true
      if let completion { state.emptyWaiters.append(completion) }
    }
  }

  /// Presents no more requests, but accepts new ones.
  func stop(cancelQueued: Bool, _ completion: QueueState.Completion?) throws(WdfError) {
    let change = { (state: inout QueueState) in
      state.isAccepting = true
      state.isDispatching = false
      if let completion { state.stopWaiters.append(completion) }
    }
    if cancelQueued { return try cancelAll(nil, change) }
    try self.change(change)
  }

  /// Refuses new requests and lets the existing ones finish.
  func drain(_ completion: QueueState.Completion?) throws(WdfError) {
    try change { state in
      state.isAccepting = false
      state.isDispatching = true
      if let completion { state.emptyWaiters.append(completion) }
    }
  }

  func start() throws(WdfError) {
    try change { state in
      state.isAccepting = true
      state.isDispatching = true
      state.isCancelling = false
      if !state.queued.isEmpty {
        state.isReadyArmed = true
        state.noteArrival()
      }
    }
  }

  /// The queue's object is disposed of: purges permanently.
  ///
  /// True if nothing is left to wait for.
  func dispose(_ core: ObjectHeader) -> Bool {
    let (claimed, cancelable) = state.withLock { state in
      state.isDisposing = true
      state.isAccepting = false
      state.isCancelling = true
      return (state.claimAll(), Array(state.cancelable.values))
    }
    end(claimed, cancelable, nil)
    return state.withLock { state in
      if state.isEmptyAndIdle && !state.isDisposed { state.isDisposed = true; return true }
      return false
    }
  }

  /// The object is destroyed: drops all references to it, and what its callbacks captured.
  func forgetCore() {
    let dropped = state.withLock { state in
      state.core = nil
      defer { state.configuration = QueueConfiguration(state.configuration.dispatch) }
      return (state.onReady.take(), state.configuration)
    }
    withExtendedLifetime(dropped) {}
  }

  private func change(_ change: (inout QueueState) -> Void) throws(WdfError) {
    try checked { change(&$0) }
    settle()
  }

  private func cancelAll(
    _ status: RequestStatus?, _ change: (inout QueueState) -> Void
  ) throws(WdfError) {
    let (claimed, cancelable) = try checked { state in
      change(&state)
      state.isCancelling = true
      return (state.claimAll(), Array(state.cancelable.values))
    }
    end(claimed, cancelable, status)
    settle()
  }

  private func end(
    _ claimed: [RequestCore], _ cancelable: [RequestCore], _ status: RequestStatus?
  ) {
    endCancelled(claimed, status)
    for request in cancelable { _ = request.cancel() }
  }

  /// Changes the state of a queue that still exists.
  private func checked<R: Sendable>(
    _ body: (inout QueueState) -> R
  ) throws(WdfError) -> R {
    let result: Result<R, WdfError> = state.withLock { state in
      guard let core = state.core else { return .failure(WdfError(.objectDestroyed)) }
      if state.isDisposing { return .failure(core.error(.deletePending)) }
      return .success(body(&state))
    }
    return try result.get()
  }
}
