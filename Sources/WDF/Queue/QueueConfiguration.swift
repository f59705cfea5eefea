/// When a queue presents its requests to the driver.
///
/// - Windows: WDF_IO_QUEUE_DISPATCH_TYPE
public enum QueueDispatch: Hashable, Sendable {
  /// The next one when the previous one has left the driver.
  case sequential
  /// All, or up to the given number at a time.
  case parallel(limit: Int? = nil)
  /// None: the driver retrieves them.
  case manual
}

/// A callback that receives a request.
public typealias RequestHandler = @Sendable (Ref<Queue>, consuming OwnedRequest) -> Void

/// The configuration of a queue.
///
/// - Windows: WDF_IO_QUEUE_CONFIG
public struct QueueConfiguration: Sendable {
  /// When requests are presented.
  public var dispatch: QueueDispatch
  /// Handlers for requests of one type.
  public var handlers: [RequestType: RequestHandler]
  /// The handler for requests of other types.
  public var defaultHandler: RequestHandler?
  /// The completion status of a request that is cancelled while queued.
  public var cancelStatus: RequestStatus
  /// How long a request may stay in this queue, waiting or with the driver; `nil` is unlimited.
  ///
  /// After that it is cancelled as by its client, with ``RequestStatus/timedOut``: a waiting
  /// request is completed with it, a cancelable one is passed to its cancel callback, and one that
  /// the driver holds is marked cancelled. A deadline of the request itself takes precedence:
  /// ``OwnedRequest/setDeadline(after:)``.
  public var timeout: Duration?
  /// The executor that keeps deadlines and ends requests; by default the framework's.
  public var executor: (any Executor)?
  /// Receives requests that are cancelled while queued, if the driver has seen them before.
  public var onCanceledOnQueue: RequestHandler?
  /// Whether empty reads and writes reach the driver; otherwise they complete at once.
  public var allowsZeroLength: Bool
  /// Attributes of the object.
  public var options: ObjectOptions

  /// Creates the configuration of a queue without callbacks.
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
