internal import Platform
internal import Synchronization

/// The state of a queue, and its decisions.
///
/// A value behind the queue's lock: events change it, and ``next(isDispatchingHere:)`` returns what
/// to do outside the lock.
struct QueueState {
  /// Called when an operation on the queue has ended.
  typealias Completion = @Sendable () -> Void

  /// The queue's next action, in order of priority.
  enum Action {
    case cancelledOnQueue(RequestCore)
    case finished([Completion])
    case disposed(ObjectHeader)
    case ready(Completion)
    case dispatch(RequestCore)
  }

  /// The queue's object, from commit to destroy.
  var core: ObjectHeader?
  /// The driver's callbacks; dropped when the object is destroyed, with all that they captured.
  var configuration: QueueConfiguration
  var isAccepting = true
  var isDispatching = true
  /// A purge, or a stop that purges, is in progress: requests that come back are cancelled.
  var isCancelling = false
  var isDisposing = false
  var isDisposed = false

  var queued = RequestList()
  /// Requests cancelled while queued, for the callback that receives those.
  var cancelledOnQueue = RequestList()
  /// The number of requests presented to the driver and not ended, or about to end.
  var ownedCount = 0
  /// The number of running callbacks.
  var passCount = 0
  /// Owned requests that are cancelable.
  var cancelable: [ObjectIdentifier: RequestCore] = [:]
  /// Requests of this queue with a deadline, including those that the driver has.
  var deadlines = DeadlineHeap<RequestCore>()
  /// Whether there ever was one: most queues know none, and their heap need not be asked.
  private var hasHadDeadlines = false
  /// Numbers the changes of the alarm.
  var alarmVersion: UInt64 = 0

  /// Identifies this queue, for a request's ``RequestCore/listedBy``.
  let number: UInt64
  var stopWaiters: [Completion] = []
  var emptyWaiters: [Completion] = []
  var onReady: Completion?
  /// Whether the next arrival is to be notified.
  var isReadyArmed = true
  var isReadyDue = false

  let dispatch: QueueDispatch

  init(_ configuration: QueueConfiguration, number: UInt64) {
    self.configuration = configuration
    self.number = number
    dispatch = configuration.dispatch
  }

  /// Has a request of this queue end in time.
  mutating func setDeadline(_ request: RequestCore, _ deadline: UInt64) {
    deadlines.insert(request, deadline: deadline)
    hasHadDeadlines = true
  }

  /// Takes a request's deadline off this queue, and returns it; nil if it has none here.
  mutating func takeDeadline(_ request: RequestCore) -> UInt64? {
    hasHadDeadlines ? deadlines.remove(request) : nil
  }

  /// Whether `next` would return anything; checked at the end of most calls.
  var hasWork: Bool {
    !cancelledOnQueue.isEmpty || !stopWaiters.isEmpty || !emptyWaiters.isEmpty || isDisposing
      || isReadyDue || (dispatch != .manual && !queued.isEmpty)
  }

  var isIdle: Bool { ownedCount == 0 && passCount == 0 && cancelledOnQueue.isEmpty }
  var isEmptyAndIdle: Bool { isIdle && queued.isEmpty }

  /// Records an arrival for the ready notification.
  mutating func noteArrival() {
    guard dispatch == .manual, isReadyArmed, isDispatching else { return }
    isReadyArmed = false
    isReadyDue = onReady != nil
  }

  /// What to do now.
  ///
  /// `isDispatchingHere` means that a callback of this queue is running further up on this thread:
  /// it does the rest when it returns.
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

  /// Gives the driver the first request that no cancel has claimed.
  mutating func takeFirst(where condition: (RequestCore) -> Bool = { _ in true }) -> RequestCore? {
    guard
      let request = queued.first(where: { condition($0) && $0.move(from: .queued, to: .owned) })
    else { return nil }
    delist(request)
    request.isPresented = true
    return request
  }

  /// Puts a claimed request into the list.
  mutating func list(_ request: RequestCore, atHead: Bool) {
    request.listedBy.store(number, ordering: .relaxed)
    if atHead { queued.prepend(request) } else { queued.append(request) }
  }

  /// Removes a claimed request from the list; it counts as the driver's.
  mutating func delist(_ request: RequestCore) {
    request.listedBy.store(0, ordering: .relaxed)
    queued.remove(request)
    ownedCount += 1
  }

  /// Claims every queued request for cancelling; those already claimed by others stay with them.
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
