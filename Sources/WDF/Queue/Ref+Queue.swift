internal import Platform
internal import Synchronization

extension Ref where Kind == ControlDevice {
  /// Creates a queue of this device.
  ///
  /// - Arguments: `isDefault`: it gets requests that are not sent to another queue; created once,
  ///   before ``finishInitializing()``, and never deleted separately
  /// - Throws: `.noCallback`, `.invalidParameter` for an inconsistent configuration
  /// - Windows: WdfIoQueueCreate
  public func makeQueue(
    _ name: String, _ configuration: QueueConfiguration, isDefault: Bool = false,
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws(WdfError) -> Ref<Queue> {
    if isDefault { try core.claimDefaultQueue() }
    do {
      let queue = try core.makeQueue(
        name, configuration, device: core, isDefault: isDefault, CreationSite(fileID, line))
      if isDefault { core.setDefaultQueue(queue) }
      return Ref<Queue>(queue)
    } catch {
      if isDefault { core.setDefaultQueue(nil) }
      throw error
    }
  }
}

extension Ref where Kind == General {
  /// Creates a queue of the device above that ends with this object.
  ///
  /// - Throws: `.parentMismatch` if there is no device above
  /// - Windows: WdfIoQueueCreate with ParentObject
  public func makeQueue(
    _ name: String, _ configuration: QueueConfiguration, fileID: StaticString = #fileID,
    line: UInt = #line
  ) throws(WdfError) -> Ref<Queue> {
    guard let device = core.device else { throw core.error(.parentMismatch) }
    return try Ref<Queue>(
      core.makeQueue(
        name, configuration, device: device, isDefault: false, CreationSite(fileID, line)))
  }

  /// Creates a queue of `device` that ends with this object, which may be anywhere in the tree.
  ///
  /// - Throws: `.parentMismatch` if this object belongs to another device
  public func makeQueue(
    _ name: String, _ configuration: QueueConfiguration, of device: Ref<ControlDevice>,
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws(WdfError) -> Ref<Queue> {
    if let own = core.device, own !== device.core { throw core.error(.parentMismatch) }
    return try Ref<Queue>(
      core.makeQueue(
        name, configuration, device: device.core, isDefault: false, CreationSite(fileID, line)))
  }
}

extension ObjectHeader {
  fileprivate func makeQueue(
    _ name: String, _ configuration: QueueConfiguration, device: ObjectHeader, isDefault: Bool,
    _ site: CreationSite
  ) throws(WdfError) -> ObjectHeader {
    try configuration.check()
    let lock = try framework.callbackLock(
      for: configuration.options, name: name, device: device, level: configuration.options.level)
    let queue = QueueCore(
      configuration, device: device, isDefault: isDefault, callbackLock: lock)
    let birth = try birth(.queue, name, .queue(queue), configuration.options.level, site)
    let core = try framework.create(birth, nil)
    queue.state.withLock { $0.core = core }
    return core
  }
}

/// The number of requests of a queue, and its switches.
public struct QueueStatus: Hashable, Sendable {
  /// Whether it accepts requests.
  public let isAccepting: Bool
  /// Whether it presents them, or lets them be retrieved.
  public let isDispatching: Bool
  /// The number of waiting requests.
  public let queuedCount: Int
  /// The number of requests that the driver has.
  public let ownedCount: Int
}

extension Ref where Kind == Queue {
  var queue: QueueCore {
    get throws(WdfError) {
      guard case .queue(let queue) = core.payload else { throw core.error(.wrongType) }
      return queue
    }
  }

  /// The number of waiting requests; 0 if the queue no longer exists.
  public var count: Int { status.queuedCount }

  /// Its counters and switches.
  ///
  /// - Windows: WdfIoQueueGetState
  public var status: QueueStatus {
    guard case .queue(let queue) = core.payload else {
      return QueueStatus(isAccepting: false, isDispatching: false, queuedCount: 0, ownedCount: 0)
    }
    return queue.state.withLock { state in
      QueueStatus(
        isAccepting: state.isAccepting, isDispatching: state.isDispatching,
        queuedCount: state.queued.count, ownedCount: state.ownedCount)
    }
  }

  /// Takes the first request, or the first of a file object; `nil` if there is none.
  ///
  /// - Throws: `.queuePaused` when stopped, `.wrongDispatch` on a parallel queue, `.deletePending`
  /// - Windows: WdfIoQueueRetrieveNextRequest, WdfIoQueueRetrieveRequestByFileObject
  public func retrieveNext(from file: Ref<FileObject>? = nil) throws(WdfError) -> OwnedRequest? {
    guard let request = try queue.retrieve(core, from: file?.core) else { return nil }
    return OwnedRequest(request)
  }

  /// The first request, which stays queued.
  ///
  /// - Windows: WdfIoQueueFindRequest
  public func find() throws(WdfError) -> FoundRequest? {
    try queue.look(core, onlyFirst: true).first
  }

  /// The first request that satisfies a condition; it stays queued.
  ///
  /// No lock is held while `condition` runs: the request passed to it may be gone already.
  /// - Complexity: O(n) of the waiting requests
  /// - Windows: WdfIoQueueFindRequest
  public func find(
    where condition: (RequestParameters) -> Bool
  ) throws(WdfError) -> FoundRequest? {
    try queue.look(core, onlyFirst: false).first { condition($0.parameters) }
  }

  /// Takes a request that was found, if it is still queued.
  ///
  /// - Throws: `.notFound` if it is not
  /// - Windows: WdfIoQueueRetrieveFoundRequest
  public func retrieve(_ found: FoundRequest) throws(WdfError) -> OwnedRequest {
    guard let request = try queue.retrieve(core, found.core) else { throw core.error(.notFound) }
    return OwnedRequest(request)
  }

  /// Accepts and presents requests.
  ///
  /// - Windows: WdfIoQueueStart
  public func start() throws(WdfError) { try queue.start() }

  /// Stops presenting requests; still accepts them.
  ///
  /// - Arguments:
  ///   - cancelQueued: whether to cancel the queued requests, and those marked cancelable
  ///   - completion: called once the driver has no request of this queue
  /// - Windows: WdfIoQueueStop, WdfIoQueueStopAndPurge
  public func stop(
    cancelQueued: Bool = false, completion: (@Sendable () -> Void)? = nil
  ) throws(WdfError) {
    try queue.stop(cancelQueued: cancelQueued, completion)
  }

  /// Stops accepting requests, and lets the existing ones finish.
  ///
  /// - Windows: WdfIoQueueDrain
  public func drain(completion: (@Sendable () -> Void)? = nil) throws(WdfError) {
    try queue.drain(completion)
  }

  /// Stops accepting requests, and cancels the queued ones and those marked cancelable.
  ///
  /// - Arguments:
  ///   - status: the completion status of the queued ones; by default the queue's cancel status
  ///   - completion: called once neither queue nor driver has a request of this queue
  /// - Windows: WdfIoQueuePurge
  public func purge(
    status: RequestStatus? = nil, completion: (@Sendable () -> Void)? = nil
  ) throws(WdfError) {
    try queue.purge(status, completion)
  }

  /// Calls `onReady` whenever the queue changes from empty to not empty.
  ///
  /// - Throws: `.wrongDispatch` unless manual; `.invalidRequest` if there is one already
  /// - Windows: WdfIoQueueReadyNotify
  public func notifyReady(_ onReady: @escaping @Sendable (Ref<Queue>) -> Void) throws(WdfError) {
    try queue.register(core) { [self] in onReady(self) }
  }

  /// Removes the notification; only while stopped.
  public func removeReadyNotification() throws(WdfError) { try queue.register(core, nil) }
}

/// The variants that wait, for main and for threads that are no loops.
extension Ref where Kind == Queue {
  /// ``stop(cancelQueued:completion:)``, waiting for the end.
  ///
  /// - Throws: `.wouldDeadlock` on a worker, in a dispatch section, in a callback of the queue,
  ///   under its callback lock and where the end of one of its requests is reported; `.timedOut`
  ///   after `limit`, while the operation continues
  public func stop(cancelQueued: Bool = false, waitingUpTo limit: Duration?) throws(WdfError) {
    try wait(limit) { (queue, done) throws(WdfError) in
      try queue.stop(cancelQueued: cancelQueued, done)
    }
  }

  /// ``drain(completion:)``, waiting for the end; throws as ``stop(cancelQueued:waitingUpTo:)``.
  public func drain(waitingUpTo limit: Duration?) throws(WdfError) {
    try wait(limit) { (queue, done) throws(WdfError) in try queue.drain(done) }
  }

  /// ``purge(status:completion:)``, waiting for the end; throws as
  /// ``stop(cancelQueued:waitingUpTo:)``.
  public func purge(status: RequestStatus? = nil, waitingUpTo limit: Duration?) throws(WdfError) {
    try wait(limit) { (queue, done) throws(WdfError) in try queue.purge(status, done) }
  }

  private func wait(
    _ limit: Duration?,
    _ begin: (QueueCore, @escaping @Sendable () -> Void) throws(WdfError) -> Void
  ) throws(WdfError) {
    let queue = try queue
    if ThreadState.isRunning(queue) || queue.callbackLock?.isHeldHere == true {
      throw core.error(.wouldDeadlock)
    }
    try core.wait(upTo: limit) { done throws(WdfError) in try begin(queue, done) }
  }
}
