internal import Platform
internal import Synchronization

/// One request: its owner, decided by one atomic word, and its place.
///
///     owned ──forward, requeue──► queued ──cancel, purge, flush──► claimed ─► completed
///       ▲ ▲                          │
///       │ └────────retrieve──────────┘
///       ├──mark──► cancelable ──cancel──► owned by the cancel callback
///       └──unmark─────┘
///
/// Everything follows the swap of this word: only the thread that wins it accesses the rest.
final class RequestCore: DeadlineHeapItem, @unchecked Sendable {
  // `next`, `previous` and `heapIndex` are guarded by the lock of the queue that lists it, `nextInFile`
  // by that of its file object; `queue`, `onCancel` belong to the winner of the word.
  enum State: UInt32 {
    case owned, queued, claimed, cancelable, completed
  }

  /// Set with the state once a cancel was requested.
  static let cancelFlag: UInt32 = 0x100
  /// Set with it if the cancel was a timeout.
  static let timedOutFlag: UInt32 = 0x200
  private static let flags: UInt32 = 0xFF00

  private(set) var parameters: RequestParameters
  /// Nil while the core is unused.
  private(set) var sink: (any RequestSink)?
  let framework: Framework
  /// The file object of its client; nil for a request of the driver's own.
  private(set) var file: ObjectHeader?
  /// Its position among the requests of its file object.
  private(set) var sequence: UInt64
  let word: Atomic<UInt32>
  /// The number of the queue that has it on its list; written under that queue's lock.
  let listedBy = Atomic<UInt64>(0)
  var next: RequestCore?
  var previous: RequestCore?
  /// Behind it in a chain of its file object's table, or among its spares.
  var nextInFile: RequestCore?
  var heapIndex = -1
  /// `.max` if it has none.
  private let ownDeadline = Atomic<UInt64>(.max)
  /// The queue that lists it, or counts it as the driver's.
  var queue: QueueCore?
  var onCancel: (@Sendable (consuming OwnedRequest) -> Void)?
  /// Carries contexts and children, if there are any; threads that share the request may request it
  /// at the same time.
  private let objectSlot = LockedValue<ObjectHeader?>(nil)
  /// Whether there is an object: avoids the lock if there is none.
  private let hasObject = Atomic<Bool>(false)
  /// Whether the driver has seen it.
  var isPresented: Bool

  init(
    _ parameters: RequestParameters, _ sink: any RequestSink, _ framework: Framework,
    file: ObjectHeader?,
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

  /// Turns a completed core without other references into a new request.
  func reuse(
    _ parameters: RequestParameters, _ sink: any RequestSink, file: ObjectHeader, sequence: UInt64,
    isPresented: Bool
  ) {
    self.parameters = parameters
    self.sink = sink
    self.file = file
    self.sequence = sequence
    self.isPresented = isPresented
    word.store(State.owned.rawValue, ordering: .relaxed)
  }

  /// Releases what would keep the client or its buffers alive; the file object is released already.
  private func retire() {
    sink = nil
    onCancel = nil
    deadline = nil
    parameters.buffers = nil
  }

  /// The time by which it must have ended, wherever it is, on the monotonic clock; nil if
  /// unlimited.
  var deadline: UInt64? {
    get {
      let deadline = ownDeadline.load(ordering: .relaxed)
      return deadline == .max ? nil : deadline
    }
    set { ownDeadline.store(newValue ?? .max, ordering: .relaxed) }
  }

  /// The object that carries contexts and children, if there is one.
  var object: ObjectHeader? {
    hasObject.load(ordering: .acquiring) ? objectSlot.withLock { $0 } : nil
  }

  /// The object, created on first use.
  func object(_ make: () throws(WdfError) -> ObjectHeader) throws(WdfError) -> ObjectHeader {
    try objectSlot.withLock { (object) throws(WdfError) in
      if let object { return object }
      let made = try make()
      object = made
      hasObject.store(true, ordering: .releasing)
      return made
    }
  }

  private func takeObject() -> ObjectHeader? {
    guard hasObject.load(ordering: .acquiring) else { return nil }
    hasObject.store(false, ordering: .relaxed)
    return objectSlot.withLock { $0.take() }
  }

  static func state(of word: UInt32) -> State { State(rawValue: word & 0xFF) ?? .completed }

  /// Whether a cancel was requested.
  var isCancelled: Bool { word.load(ordering: .acquiring) & Self.cancelFlag != 0 }
  /// Whether the cancel was a timeout.
  var isTimedOut: Bool { word.load(ordering: .acquiring) & Self.timedOutFlag != 0 }

  /// Moves from one state to another, keeping the flags; false if it was not in `old`, or if a
  /// cancel was requested and `toleratesCancel` is false.
  func move(from old: State, to new: State, toleratesCancel: Bool = true) -> Bool {
    var found = word.load(ordering: .relaxed)
    while true {
      guard Self.state(of: found) == old else { return false }
      let flags = found & Self.flags
      if flags & Self.cancelFlag != 0 && !toleratesCancel { return false }
      let (exchanged, now) = word.weakCompareExchange(
        expected: found, desired: new.rawValue | flags, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      found = now
    }
  }
}

/// The result of a cancel.
public enum CancelOutcome: Sendable {
  /// The request was queued; it is completed now.
  case completed
  /// The driver has it: its cancel callback runs, or it was marked cancelled and will complete.
  case requested
  /// The request does not exist.
  case notFound
}

extension RequestCore {
  /// Cancels the request, wherever it is; `reason` is a flag that is set unless a cancel came
  /// before.
  func cancel(marking reason: UInt32 = 0) -> CancelOutcome {
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
      let flags = found & Self.flags
      let added = flags & Self.cancelFlag == 0 ? Self.cancelFlag | reason : 0
      let (exchanged, now) = word.weakCompareExchange(
        expected: found, desired: target.rawValue | flags | added,
        ordering: .acquiringAndReleasing)
      guard exchanged else {
        found = now
        continue
      }
      switch state {
      case .queued: return queue?.finishClaimed(self, status: nil) ?? .requested
      case .cancelable: startCancelCallback()
      default: break
      }
      return .requested
    }
  }

  /// Runs the cancel callback here, or defers it to where it may run: neither inside a callback
  /// that holds a callback lock, nor a passive one in a dispatch section.
  private func startCancelCallback() {
    queue?.forgetCancelable(self)
    let owner = queue?.state.withLock { $0.core } ?? file
    let needsLock = queue?.callbackLock != nil
    if (needsLock && ThreadState.holdsCallbackLock)
      || (owner?.isPassive == true && DispatchSection.isActive)
    {
      framework.post { [self] in runCancelCallback() }
    } else {
      runCancelCallback()
    }
  }

  /// The owner that must not be waited for while the driver or the client is called about this
  /// request.
  private var callbackOwner: AnyObject { if let queue { queue } else { self } }

  /// The same as marks of a thread: the framework and what it calls for.
  var callbackMarks: (ObjectIdentifier, ObjectIdentifier) {
    (ObjectIdentifier(framework), queue.map { ObjectIdentifier($0) } ?? ObjectIdentifier(self))
  }

  private func runCancelCallback() {
    let callback = onCancel.take()
    let run = { [self] in
      ThreadState.running(callbackOwner, of: framework) { callback?(OwnedRequest(self)) }
    }
    if let lock = queue?.callbackLock { lock.run(run) } else { run() }
  }

  /// Ends the request.
  ///
  /// The caller owns it: no other thread may be here.
  func complete(
    _ status: RequestStatus, information: Int, bytesNeeded: Int, isAnswered: Bool = false
  ) {
    word.store(State.completed.rawValue, ordering: .releasing)
    let information = clamp(information, status)
    if let object {
      _ = framework.disposeEarly(object)
      framework.destroyChildren(of: object)
    }
    file?.file?.forget(self)
    NestedCompletions.report(
      RequestEnd(
        request: self, status: status.translated, information: information,
        bytesNeeded: bytesNeeded, isAnswered: isAnswered))
  }

  /// Calls the client; the thread is marked with ``callbackMarks``.
  func callSink(_ end: RequestEnd) {
    guard let sink = sink.take() else { return }
    guard !end.isAnswered else {
      sink.requestAnswered(parameters, status: end.status, information: end.information)
      return
    }
    sink.requestCompleted(
      parameters, status: end.status, information: end.information, bytesNeeded: end.bytesNeeded)
  }

  /// The client has been called: queue, object and file let go.
  func letGo() {
    if let queue = queue.take() { queue.end(self) }
    if let object = takeObject() { _ = framework.delete(object) }
    let file = file.take()
    retire()
    if let file { file.file?.reported(self, file) }
  }

  /// Limits the information to the client's room.
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

extension ObjectHeader {
  /// The payload of a file object.
  fileprivate var file: FileCore? { if case .file(let file) = payload { file } else { nil } }

  /// Runs code that may call a passive callback; in a dispatch section it is deferred.
  func runOrPutOff(_ body: @escaping @Sendable () -> Void) {
    if isPassive && DispatchSection.isActive { framework.post(body) } else { body() }
  }
}
