internal import Synchronization

/// One request: who has it, decided by one atomic word, and where it is.
///
///     owned ──forward, requeue──► queued ──cancel, purge, flush──► claimed ─► completed
///       ▲ ▲                          │
///       │ └────────retrieve──────────┘
///       ├──mark──► cancelable ──cancel──► owned by the cancel callback
///       └──unmark─────┘
///
/// Everything follows the swap of this word: who wins it is the only one to touch the rest.
final class RequestCore: @unchecked Sendable {
  // `next`, `previous` are guarded by the lock of the queue that lists it; `queue`, `onCancel`,
  // `object` belong to whoever won the word.
  enum State: UInt32 {
    case owned, queued, claimed, cancelable, completed
  }

  /// Set beside the state once a cancel was asked for.
  static let cancelFlag: UInt32 = 0x100

  private(set) var parameters: RequestParameters
  /// Nil while the core waits to be used again.
  private(set) var sink: (any RequestSink)?
  let framework: Framework
  /// The file object it came through; nil for a request of the driver's own.
  private(set) var file: Core?
  /// The place among the requests of its file object.
  private(set) var sequence: UInt64
  let word: Atomic<UInt32>
  var next: RequestCore?
  var previous: RequestCore?
  /// The queue that lists it, or that counts it as the driver's.
  var queue: QueueCore?
  var onCancel: (@Sendable (consuming OwnedRequest) -> Void)?
  /// Carries contexts and children, if there are any.
  var object: Core?
  /// Whether the driver has seen it.
  var isPresented: Bool

  init(
    _ parameters: RequestParameters, _ sink: any RequestSink, _ framework: Framework, file: Core?,
    sequence: UInt64, isPresented: Bool
  ) {
    self.parameters = parameters
    self.sink = sink
    self.framework = framework
    self.file = file
    self.sequence = sequence
    self.isPresented = isPresented
    word = Atomic(State.owned.rawValue)
  }

  /// Makes a completed core, that nobody else refers to, a new request.
  func reuse(
    _ parameters: RequestParameters, _ sink: any RequestSink, file: Core, sequence: UInt64,
    isPresented: Bool
  ) {
    self.parameters = parameters
    self.sink = sink
    self.file = file
    self.sequence = sequence
    self.isPresented = isPresented
    word.store(State.owned.rawValue, ordering: .relaxed)
  }

  /// Lets go of what would keep the file object or the client alive.
  func retire() {
    sink = nil
    file = nil
  }

  static func state(of word: UInt32) -> State { State(rawValue: word & 0xFF) ?? .completed }

  /// Whether a cancel was asked for.
  var isCancelled: Bool { word.load(ordering: .acquiring) & Self.cancelFlag != 0 }

  /// Moves from one state to another, keeping the flag; false when it was in neither form of `old`,
  /// or the flag was set and `toleratesCancel` is false.
  func move(from old: State, to new: State, toleratesCancel: Bool = true) -> Bool {
    var found = word.load(ordering: .relaxed)
    while true {
      guard Self.state(of: found) == old else { return false }
      let flag = found & Self.cancelFlag
      if flag != 0 && !toleratesCancel { return false }
      let (exchanged, now) = word.weakCompareExchange(
        expected: found, desired: new.rawValue | flag, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      found = now
    }
  }
}

/// What became of a cancel.
public enum CancelOutcome: Sendable {
  /// The request was queued; it is completed now.
  case completed
  /// The driver has it: its cancel callback runs, or it was marked cancelled and will complete.
  case requested
  /// There is no such request.
  case notFound
}

extension RequestCore {
  /// Cancels the request, wherever it is.
  func cancel(status: RequestStatus? = nil) -> CancelOutcome {
    var found = word.load(ordering: .acquiring)
    while true {
      let state = Self.state(of: found)
      let target: State
      switch state {
      case .queued: target = .claimed
      case .cancelable, .owned: target = .owned
      case .claimed: return .requested
      case .completed: return .notFound
      }
      let (exchanged, now) = word.weakCompareExchange(
        expected: found, desired: target.rawValue | Self.cancelFlag,
        ordering: .acquiringAndReleasing)
      guard exchanged else {
        found = now
        continue
      }
      switch state {
      case .queued: return queue?.finishClaimed(self, status: status) ?? .requested
      case .cancelable: runCancelCallback()
      default: break
      }
      return .requested
    }
  }

  private func runCancelCallback() {
    queue?.forgetCancelable(self)
    let callback = onCancel
    onCancel = nil
    guard let lock = queue?.callbackLock else {
      callback?(OwnedRequest(self))
      return
    }
    if lock.isHeldHere {
      framework.post { lock.run { callback?(OwnedRequest(self)) } }
    } else {
      lock.run { callback?(OwnedRequest(self)) }
    }
  }

  /// Ends the request.
  ///
  /// The caller holds it: nobody else may be here.
  func complete(_ status: RequestStatus, information: Int, bytesNeeded: Int) {
    word.store(State.completed.rawValue, ordering: .releasing)
    let information = clamp(information, status)
    if let object {
      _ = framework.disposeEarly(object)
      framework.destroyChildren(of: object)
    }
    let file: FileCore? = if case .file(let file) = self.file?.payload { file } else { nil }
    file?.forget(self)
    sink?.requestCompleted(
      parameters, status: status.translated, information: information, bytesNeeded: bytesNeeded)
    queue?.countDown()
    queue = nil
    if let object { _ = framework.delete(object) }
    object = nil
    guard let file, let core = self.file else { return }
    file.keep(self)
    file.drop(core)
  }

  /// No more information than the client had room for.
  private func clamp(_ information: Int, _ status: RequestStatus) -> Int {
    let isBounded = parameters.type == .read || parameters.type == .deviceControl
    guard isBounded, status.isSuccess, information > parameters.outputByteCount else {
      return max(0, information)
    }
    if framework.verifier != .off {
      framework.reporter.report(
        .information, file?.id, .request, file?.name ?? "",
        "request \(parameters.id): \(information) of \(parameters.outputByteCount) bytes")
    }
    return parameters.outputByteCount
  }
}
