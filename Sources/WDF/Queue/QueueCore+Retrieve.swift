internal import Platform
internal import Synchronization

extension QueueCore {
  /// Whether requests can be retrieved; otherwise the error.
  private func refusal(_ state: QueueState, _ core: ObjectHeader) -> WdfError? {
    if isParallel { return core.error(.wrongDispatch) }
    if state.core == nil { return core.error(.objectDestroyed) }
    if state.isDisposing { return core.error(.deletePending) }
    return state.isDispatching ? nil : core.error(.queuePaused)
  }

  func retrieve(_ core: ObjectHeader, from file: ObjectHeader?) throws(WdfError) -> RequestCore? {
    let result: Result<RequestCore?, WdfError> = state.withLock { state in
      if let refusal = refusal(state, core) { return .failure(refusal) }
      guard let file else {
        let request = state.takeFirst()
        // Nothing found, though some requests may be about to be cancelled: the next arrival is
        // notified.
        if request == nil || state.queued.isEmpty { state.isReadyArmed = true }
        return .success(request)
      }
      let request = state.takeFirst { $0.file === file }
      if state.queued.isEmpty { state.isReadyArmed = true }
      return .success(request)
    }
    return try result.get()
  }

  func retrieve(_ core: ObjectHeader, _ request: RequestCore) throws(WdfError) -> RequestCore? {
    let result: Result<RequestCore?, WdfError> = state.withLock { state in
      if let refusal = refusal(state, core) { return .failure(refusal) }
      // Under this lock, a request whose `listedBy` is this queue is on its list, or claimed by a
      // cancel; the place of any other is unknown until it is claimed.
      guard request.listedBy.load(ordering: .relaxed) == state.number,
        request.move(from: .queued, to: .owned)
      else { return .success(nil) }
      state.delist(request)
      request.isPresented = true
      if state.queued.isEmpty { state.isReadyArmed = true }
      return .success(request)
    }
    return try result.get()
  }

  /// The queued requests, in order; all or only the first.
  ///
  /// Copied while they are certainly queued: a completed core may be reused.
  func look(_ core: ObjectHeader, onlyFirst: Bool) throws(WdfError) -> [FoundRequest] {
    let result: Result<[FoundRequest], WdfError> = state.withLock { state in
      if let refusal = refusal(state, core) { return .failure(refusal) }
      var found: [FoundRequest] = []
      var next = state.queued.first
      while let request = next, !(onlyFirst && found.count == 1) {
        if request.isQueued { found.append(FoundRequest(core: request)) }
        next = request.next
      }
      return .success(found)
    }
    return try result.get()
  }

  func register(_ core: ObjectHeader, _ onReady: QueueState.Completion?) throws(WdfError) {
    guard isManual else { throw core.error(.wrongDispatch) }
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
