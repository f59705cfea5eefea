/// When a queue shows its requests to the driver.
///
/// - Windows: WDF_IO_QUEUE_DISPATCH_TYPE
public enum QueueDispatch: Hashable, Sendable {
  /// The next one when the one before has left the driver.
  case sequential
  /// All, or as many at a time as given.
  case parallel(limit: Int? = nil)
  /// None: the driver retrieves them.
  case manual
}

/// A callback that is given a request.
public typealias RequestHandler = @Sendable (Ref<Queue>, consuming OwnedRequest) -> Void

/// What a queue is to be.
///
/// - Windows: WDF_IO_QUEUE_CONFIG
public struct QueueConfiguration: Sendable {
  /// When requests are shown.
  public var dispatch: QueueDispatch
  /// For requests of one type.
  public var handlers: [RequestType: RequestHandler]
  /// For requests of the other types.
  public var defaultHandler: RequestHandler?
  /// What a request that is cancelled while queued completes with.
  public var cancelStatus: RequestStatus
  /// How long a request may stay with this queue, waiting or with the driver; `nil` is for ever.
  ///
  /// Afterwards it is cancelled as by its client, with ``RequestStatus/timedOut``: one that waits is
  /// completed with it, one that the driver marked cancelable goes to its cancel callback, one in the
  /// driver's hands is marked cancelled. A deadline of the request's own goes first:
  /// ``OwnedRequest/setDeadline(after:)``.
  public var timeout: Duration?
  /// Whose time and thread deadlines are kept by and end requests on; else the framework's.
  public var executor: (any Executor)?
  /// Gets the requests that are cancelled while queued, if the driver has seen them before.
  public var onCanceledOnQueue: RequestHandler?
  /// Whether reads and writes of no bytes reach the driver; else they complete at once.
  public var allowsZeroLength: Bool
  /// Attributes of the object.
  public var options: ObjectOptions

  /// Describes a queue without callbacks.
  public init(
    _ dispatch: QueueDispatch, cancelStatus: RequestStatus = .cancelled, timeout: Duration? = nil,
    executor: (any Executor)? = nil
  ) {
    self.dispatch = dispatch
    handlers = [:]
    self.cancelStatus = cancelStatus
    self.timeout = timeout
    self.executor = executor
    allowsZeroLength = true
    options = ObjectOptions()
  }

  /// A queue whose requests are retrieved.
  public static var manual: QueueConfiguration { QueueConfiguration(.manual) }

  var isManual: Bool { dispatch == .manual }

  var hasHandlers: Bool { !handlers.isEmpty || defaultHandler != nil }

  /// The handler of a type of request.
  func handler(_ type: RequestType) -> RequestHandler? { handlers[type] ?? defaultHandler }

  func check() throws(WdfError) {
    if isManual && hasHandlers { throw WdfError(.invalidParameter) }
    if !isManual && !hasHandlers { throw WdfError(.noCallback) }
    if case .parallel(let limit?) = dispatch, limit < 1 { throw WdfError(.invalidParameter) }
  }
}
