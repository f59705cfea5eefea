internal import Synchronization

extension QueueCore {
  /// Whether requests can be retrieved; the error says why not.
  private func refusal(_ state: QueueState, _ core: Core) -> WdfError? {
    if case .parallel = configuration.dispatch { return core.error(.wrongDispatch) }
    if state.core == nil { return core.error(.objectDestroyed) }
    if state.isDisposing { return core.error(.deletePending) }
    return state.isDispatching ? nil : core.error(.queuePaused)
  }

  func retrieve(_ core: Core, from file: Core?) throws(WdfError) -> RequestCore? {
    let result: Result<RequestCore?, WdfError> = state.withLock { state in
      if let refusal = refusal(state, core) { return .failure(refusal) }
      guard let file else {
        let request = state.takeFirst()
        // Found nothing, though some may be on their way to be cancelled: the next is news.
        if request == nil || state.queued.isEmpty { state.isReadyArmed = true }
        return .success(request)
      }
      let request = state.takeFirst { $0.file === file }
      if state.queued.isEmpty { state.isReadyArmed = true }
      return .success(request)
    }
    return try result.get()
  }

  func retrieve(_ core: Core, _ request: RequestCore) throws(WdfError) -> RequestCore? {
    let result: Result<RequestCore?, WdfError> = state.withLock { state in
      if let refusal = refusal(state, core) { return .failure(refusal) }
      // Only a request of this queue is in `queued` here, and only under this lock.
      guard request.queue === self, request.move(from: .queued, to: .owned) else {
        return .success(nil)
      }
      state.queued.remove(request)
      state.ownedCount += 1
      if state.queued.isEmpty { state.isReadyArmed = true }
      return .success(request)
    }
    return try result.get()
  }

  func find(_ core: Core, _ condition: (RequestCore) -> Bool) throws(WdfError) -> FoundRequest? {
    let result: Result<FoundRequest?, WdfError> = state.withLock { state in
      if let refusal = refusal(state, core) { return .failure(refusal) }
      let found = state.queued.first {
        RequestCore.state(of: $0.word.load(ordering: .relaxed)) == .queued && condition($0)
      }
      // Copied while it is surely queued: a core that was completed may be used again.
      return .success(found.map { FoundRequest(core: $0) })
    }
    return try result.get()
  }

  func register(_ core: Core, _ onReady: QueueState.Completion?) throws(WdfError) {
    guard configuration.isManual else { throw core.error(.wrongDispatch) }
    let refusal: WdfError? = state.withLock { state in
      if state.core == nil { return core.error(.objectDestroyed) }
      if state.isDisposing { return core.error(.deletePending) }
      if onReady == nil, state.isDispatching { return core.error(.invalidRequest) }
      if onReady != nil, state.onReady != nil { return core.error(.invalidRequest) }
      state.onReady = onReady
      state.isReadyDue = false
      if onReady != nil, !state.queued.isEmpty {
        state.isReadyArmed = true
        state.noteArrival()
      }
      return nil
    }
    if let refusal { throw refusal }
    settle()
  }
}
