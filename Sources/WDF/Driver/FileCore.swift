internal import Platform
internal import Synchronization

/// The pending requests of one client, and the progress of its end.
final class FileCore: Sendable {
  enum Phase: Sendable { case creating, open, cleaning, closing, closed }

  private struct State {
    var phase = Phase.creating
    var callbacks: Callbacks?
    var pending = RequestTable()
    var sequence: UInt64 = 0
    /// The open handle, and each request that has not been completed and reported.
    var holdCount = 1
    /// Completed cores, one behind the other, so that the next request need not be allocated.
    var spare: RequestCore?
    var spareCount = 0

    /// A core without other references; one with other references is released.
    mutating func takeSpare() -> RequestCore? {
      guard var taken = spare.take() else { return nil }
      spare = taken.nextInFile.take()
      spareCount -= 1
      return isKnownUniquelyReferenced(&taken) ? taken : nil
    }

    mutating func keepSpare(_ request: RequestCore) {
      guard phase == .open, spareCount < FileCore.spareLimit else { return }
      request.nextInFile = spare.take()
      spare = request
      spareCount += 1
    }

    mutating func dropSpares() {
      spare = nil
      spareCount = 0
    }

    /// One hold fewer; true if it was the last.
    mutating func dropHold() -> Bool {
      holdCount -= 1
      return holdCount == 0
    }
  }

  /// Completed cores that are kept; a client with more pending requests needs allocations.
  private static let spareLimit = 16

  typealias Callback = @Sendable (Ref<FileObject>) -> Void

  /// The callbacks that the driver supplied; dropped when the object is destroyed.
  struct Callbacks: Sendable {
    var onCleanup: Callback?
    var onClose: Callback?
    var onUnload: Callback?
  }

  private let state: LockedValue<State>

  init(_ callbacks: Callbacks) { state = LockedValue(State(callbacks: callbacks)) }

  /// Calls the create callback, and opens or deletes the file object.
  func admit(
    _ core: ObjectHeader, _ onCreate: (@Sendable (Ref<FileObject>) throws(WdfError) -> Void)?
  ) throws(WdfError) -> Ref<FileObject> {
    if let onCreate {
      do throws(WdfError) {
        try CriticalRegion.run { () throws(WdfError) in
          try ThreadState.running(core, of: core.framework) { () throws(WdfError) in
            try onCreate(Ref(core))
          }
        }
      } catch {
        state.withLock { $0.phase = .closed }
        _ = core.framework.delete(core)
        throw error
      }
    }
    state.withLock { $0.phase = .open }
    // Unloading may have looked for open file objects before this one was open.
    if core.framework.isUnloading, takeBack() {
      _ = core.framework.delete(core)
      throw core.error(.deletePending)
    }
    return Ref(core)
  }

  private func takeBack() -> Bool {
    state.withLock { state in
      guard state.phase == .open else { return false }
      state.phase = .closed
      return true
    }
  }

  var phase: Phase { state.withLock { $0.phase } }

  /// The progress of its end, for reports.
  var standing: String {
    let (phase, pending) = state.withLock { ($0.phase, $0.pending.count) }
    let words =
      switch phase {
      case .creating: "being opened"
      case .open: "open, not closed when asked to"
      case .cleaning: "being cleaned up"
      case .closing: "closing"
      case .closed: "closed, being deleted"
      }
    return pending == 0 ? words : "\(words), \(pending) pending"
  }

  /// How many requests have not been completed.
  var pendingCount: Int { state.withLock { $0.pending.count } }

  func makeRequest(
    _ core: ObjectHeader, _ parameters: RequestParameters, _ sink: any RequestSink,
    isPresented: Bool
  ) throws(WdfError) -> RequestCore {
    let result: Result<RequestCore, WdfError> = state.withLock { state in
      guard state.phase == .open else {
        let code: WdfError.Code = state.phase == .creating ? .invalidDeviceState : .deletePending
        return .failure(core.error(code))
      }
      guard state.pending[parameters.id] == nil else {
        return .failure(core.error(.requestPending))
      }
      state.sequence &+= 1
      let request: RequestCore
      if let spare = state.takeSpare() {
        request = spare
        request.reuse(
          parameters, sink, file: core, sequence: state.sequence, isPresented: isPresented)
      } else {
        request = RequestCore(
          parameters, sink, core.framework, file: core, sequence: state.sequence,
          isPresented: isPresented)
      }
      state.pending.insert(request)
      state.holdCount += 1
      return .success(request)
    }
    return try result.get()
  }

  func request(_ id: UInt64) -> RequestCore? { state.withLock { $0.pending[id] } }

  /// The request is complete: its identifier is free before the completion is reported.
  func forget(_ request: RequestCore) {
    state.withLock { $0.pending.remove(request) }
  }

  /// A request has been completed and reported: its core is kept for the next one, and the last one
  /// closes the file.
  func reported(_ request: RequestCore, _ core: ObjectHeader) {
    let isLast = state.withLock { state in
      state.keepSpare(request)
      return state.dropHold()
    }
    if isLast { core.runOrPutOff { [self] in finish(core) } }
  }

  /// The handle was closed; the file is, unless requests are under way.
  private func dropHandle(_ core: ObjectHeader) {
    if state.withLock({ $0.dropHold() }) { core.runOrPutOff { [self] in finish(core) } }
  }

  private func finish(_ core: ObjectHeader) {
    if let onClose = state.withLock({ $0.callbacks?.onClose }) {
      core.framework.guarded(core, "close") { onClose(Ref(core)) }
    }
    state.withLock { $0.phase = .closed }
    core.framework.hookFinished(core)
    _ = core.framework.delete(core)
    if let device = core.device { core.framework.closed(device) }
  }

  /// The handle is closed: runs the cleanup callback, ends the queued requests, cancels the
  /// cancelable ones, and marks those that the driver holds: they are cancelled when they are
  /// queued or marked cancelable.
  ///
  /// False if it was closed before.
  @discardableResult
  func close(_ core: ObjectHeader) -> Bool {
    let isFirst = state.withLock { state in
      guard state.phase == .open else { return false }
      state.phase = .cleaning
      state.dropSpares()
      return true
    }
    guard isFirst else { return false }
    core.runOrPutOff { [self] in cleanUp(core) }
    return true
  }

  private func cleanUp(_ core: ObjectHeader) {
    if let onCleanup = state.withLock({ $0.callbacks?.onCleanup }) {
      core.framework.guarded(core, "cleanup") { onCleanup(Ref(core)) }
    }
    let pending = state.withLock { $0.pending.all.sorted { $0.sequence < $1.sequence } }
    for request in pending where request.isQueued { _ = request.cancel() }
    for request in pending where request.isCancelable { _ = request.cancel() }
    // Whatever moved meanwhile, and whatever the driver holds: no request is queued after this.
    for request in pending { _ = request.cancel() }
    state.withLock { $0.phase = .closing }
    dropHandle(core)
  }

  /// The object is destroyed: what its callbacks captured is released with it.
  func forget() {
    let dropped = state.withLock { $0.callbacks.take() }
    withExtendedLifetime(dropped) {}
  }

  /// The driver unloads: closes the handle, or lets the driver close it if it supplied a callback.
  func unload(_ core: ObjectHeader) {
    guard let onUnload = state.withLock({ $0.callbacks?.onUnload }) else {
      close(core)
      return
    }
    if phase == .open { core.framework.guarded(core, "unload") { onUnload(Ref(core)) } }
  }

  /// The object is disposed of by its parent: as if the handle was closed.
  ///
  /// True if nothing is left to wait for.
  func dispose(_ core: ObjectHeader) -> Bool {
    close(core)
    return phase == .closed
  }
}

extension RequestCore {
  var isQueued: Bool { Self.state(of: word.load(ordering: .acquiring)) == .queued }
  var isCancelable: Bool { Self.state(of: word.load(ordering: .acquiring)) == .cancelable }
}
