internal import Platform
internal import Synchronization

/// What a queue knows, and what it decides to do next.
///
/// A value, kept in the queue's lock: events change it, ``next(isDispatchingHere:)`` says what is to be
/// done outside of the lock.
struct QueueState {
  /// Called when an operation on the queue is over.
  typealias Completion = @Sendable () -> Void

  /// What the queue does next, in the order in which it is to be considered.
  enum Action {
    case cancelledOnQueue(RequestCore)
    case finished([Completion])
    case disposed(Core)
    case ready(Completion)
    case dispatch(RequestCore)
  }

  /// The queue's object, from commit to destroy.
  var core: Core?
  /// What the driver is called with; given up when the object is destroyed, with all that the
  /// callbacks captured.
  var configuration: QueueConfiguration
  var isAccepting = true
  var isDispatching = true
  /// A purge, or a stop that purges, is under way: what comes back is cancelled.
  var isCancelling = false
  var isDisposing = false
  var isDisposed = false

  var queued = RequestList()
  /// Cancelled while queued, for the callback that wants those.
  var cancelledOnQueue = RequestList()
  /// Shown to the driver and not ended, or on their way to their end.
  var ownedCount = 0
  /// Callbacks running.
  var passCount = 0
  /// Owned requests that a cancel may take.
  var cancelable: [ObjectIdentifier: RequestCore] = [:]
  /// Requests of this queue that must end in time, those that the driver has included.
  var deadlines = DeadlineHeap<RequestCore>()
  /// Numbers what is asked of the alarm.
  var alarmVersion: UInt64 = 0

  /// Tells this queue from all others, for a request's ``RequestCore/listedBy``.
  let number: UInt64
  var stopWaiters: [Completion] = []
  var emptyWaiters: [Completion] = []
  var onReady: Completion?
  /// Whether the next arrival is news to whoever waits for requests.
  var isReadyArmed = true
  var isReadyDue = false

  let dispatch: QueueDispatch

  init(_ configuration: QueueConfiguration, number: UInt64) {
    self.configuration = configuration
    self.number = number
    dispatch = configuration.dispatch
  }

  /// Whether there is anything for `next` to find; what most calls ask on their way out.
  var hasWork: Bool {
    !cancelledOnQueue.isEmpty || !stopWaiters.isEmpty || !emptyWaiters.isEmpty || isDisposing
      || isReadyDue || (dispatch != .manual && !queued.isEmpty)
  }

  var isIdle: Bool { ownedCount == 0 && passCount == 0 && cancelledOnQueue.isEmpty }
  var isEmptyAndIdle: Bool { isIdle && queued.isEmpty }

  /// Notes an arrival for whoever waits for requests to retrieve.
  mutating func noteArrival() {
    guard dispatch == .manual, isReadyArmed, isDispatching else { return }
    isReadyArmed = false
    isReadyDue = onReady != nil
  }

  /// What is to be done now.
  ///
  /// `isDispatchingHere` says that a callback of this queue is running further
  /// up on this thread: it does the rest when it returns.
  mutating func next(isDispatchingHere: Bool) -> Action? {
    if isDispatchingHere { return nil }
    if let request = cancelledOnQueue.popFirst() {
      passCount += 1
      return .cancelledOnQueue(request)
    }
    if !stopWaiters.isEmpty, isIdle {
      defer { stopWaiters = [] }
      endCancelling()
      return .finished(stopWaiters)
    }
    if !emptyWaiters.isEmpty, isEmptyAndIdle {
      defer { emptyWaiters = [] }
      endCancelling()
      return .finished(emptyWaiters)
    }
    if isDisposing {
      guard isEmptyAndIdle, !isDisposed, let core else { return nil }
      isDisposed = true
      return .disposed(core)
    }
    guard isDispatching else { return nil }
    return nextForDriver()
  }

  private mutating func endCancelling() {
    if !isDisposing && ownedCount == 0 { isCancelling = false }
  }

  private mutating func nextForDriver() -> Action? {
    let limit: Int
    switch dispatch {
    case .manual:
      guard isReadyDue, let onReady else { return nil }
      isReadyDue = false
      passCount += 1
      return .ready(onReady)
    case .sequential: limit = 1
    case .parallel(let most): limit = most ?? .max
    }
    guard ownedCount < limit, let request = takeFirst() else { return nil }
    passCount += 1
    return .dispatch(request)
  }

  /// Gives the driver the first request that no cancel has won.
  mutating func takeFirst(where condition: (RequestCore) -> Bool = { _ in true }) -> RequestCore? {
    guard
      let request = queued.first(where: { condition($0) && $0.move(from: .queued, to: .owned) })
    else { return nil }
    delist(request)
    request.isPresented = true
    return request
  }

  /// Puts a request that has been won for this queue where it waits.
  mutating func list(_ request: RequestCore, atHead: Bool) {
    request.listedBy.store(number, ordering: .relaxed)
    if atHead { queued.prepend(request) } else { queued.append(request) }
  }

  /// Takes a request that has been won off the list; it counts as the driver's.
  mutating func delist(_ request: RequestCore) {
    request.listedBy.store(0, ordering: .relaxed)
    queued.remove(request)
    ownedCount += 1
  }

  /// Wins every queued request for cancelling; those that are another's by now stay with it.
  mutating func claimAll(where condition: (RequestCore) -> Bool = { _ in true }) -> [RequestCore] {
    var claimed: [RequestCore] = []
    var next = queued.first
    while let request = next {
      next = request.next
      guard condition(request), request.move(from: .queued, to: .claimed) else { continue }
      delist(request)
      claimed.append(request)
    }
    return claimed
  }
}
