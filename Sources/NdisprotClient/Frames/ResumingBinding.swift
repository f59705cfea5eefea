internal import NDIS
internal import NdisprotControl

/// An open that survives a restart of the daemon: it reconnects and opens with the same grant.
///
/// A request in progress when the daemon goes away ends once, as `restarted`. Nothing is repeated
/// here: whether a write reached the wire at that moment is unknown, so only the caller can decide.
///
/// ```swift
/// let resuming = ResumingBinding(try connection.open("eth0", etherTypes: .eapol))
/// while true {
///   do throws(ClientError) {
///     try resuming.attempt(.read) { binding throws(ClientError) in
///       var reader = FrameReader(binding)
///       while true { try reader.next(by: .never) { record in print(record.frame.byteCount) } }
///     }
///   } catch { guard error.status == .restarted else { throw error } }
/// }
/// ```
///
/// - Thread: its connection's
public final class ResumingBinding {
  /// How long a daemon may be away.
  public static let defaultTimeout = Duration.seconds(60)

  /// The current open; a different one after each restart.
  public private(set) var current: OpenBinding
  /// How many times it was reopened.
  public private(set) var resumeCount = 0
  private let path: String
  private let timeout: Duration?
  private let prepare: (OpenBinding) throws(ClientError) -> Void

  /// Takes ownership of an open.
  ///
  /// - Parameters:
  ///   - binding: the open, whose connection must not be used elsewhere from now on
  ///   - path: the daemon's socket
  ///   - timeout: how long the daemon, or the interface, may be away; nil waits indefinitely
  ///   - prepare: restores the state that was lost with the old open: packet filter, groups
  public init(
    _ binding: OpenBinding, path: String = Connection.environmentPath,
    timeout: Duration? = ResumingBinding.defaultTimeout,
    prepare: @escaping (OpenBinding) throws(ClientError) -> Void = { _ in }
  ) {
    current = binding
    self.path = path
    self.timeout = timeout
    self.prepare = prepare
  }

  /// Uses the open; if the daemon goes away meanwhile, returns when it is back.
  ///
  /// - Throws: `.refused` with `restarted`: the open exists again, and the request was not done or
  ///   may not have been; otherwise the errors of `body` and of `resume`
  public func attempt<Value>(
    _ operation: Operation, by deadline: Deadline = .never,
    _ body: (OpenBinding) throws(ClientError) -> Value
  ) throws(ClientError) -> Value {
    do throws(ClientError) {
      return try body(current)
    } catch {
      try resume(after: error, by: deadline)
      throw .refused(.restarted, operation)
    }
  }

  /// Reconnects and reopens if the error means that the daemon went away.
  ///
  /// A stopping daemon cancels pended requests, so `cancelled` counts too: do not pass the error of
  /// a request that the program itself cancelled.
  ///
  /// - Throws: the error itself if it means something else; `.cannotReach`, `.timedOut` if the
  ///   daemon or the interface stays away; `.refused` with `busy`, `notPermitted`; `.interrupted`
  public func resume(
    after error: ClientError, by deadline: Deadline = .never
  ) throws(ClientError) {
    guard error.isEndOfDaemon else { throw error }
    let end = Deadline.earlier(deadline, Deadline(after: timeout))
    // If the daemon is alive after all, its exclusive open must not be in the way.
    current.connection.socket.hangUp()
    var pause = Duration.milliseconds(5)
    while true {
      do throws(ClientError) {
        current = try openAgain(by: end)
        resumeCount += 1
        return
      } catch {
        guard error.isPassing, !end.isPast else { throw error }
      }
      try CancellationToken.wait(
        current.connection.interruption, by: .earlier(end, Deadline(after: pause)))
      pause = min(pause * 2, .milliseconds(100))
    }
  }

  private func openAgain(by end: Deadline) throws(ClientError) -> OpenBinding {
    let granted = current.granted
    let soon = Deadline.earlier(end, Deadline(after: Connection.defaultTimeout))
    let connection = try Connection(
      MessageSocket(path: path, by: soon), interruption: current.connection.interruption, by: soon)
    // The daemon answers before it has bound everything.
    try connection.wait(for: [granted.name], timeout: end.remaining)
    let binding = try connection.open(
      granted.name, etherTypes: granted.etherTypes, mode: granted.mode, flags: granted.flags,
      queueByteCount: granted.queueByteCount, wait: end.remaining ?? .seconds(60))
    try prepare(binding)
    return binding
  }
}

extension ClientError {
  /// Whether the daemon was running when it was asked, and is gone now.
  fileprivate var isEndOfDaemon: Bool {
    self == .daemonGone || status == .cancelled || status == .sendCancelled
  }

  /// Whether the error may go away in a moment, while a daemon starts.
  fileprivate var isPassing: Bool {
    switch self {
    case .cannotReach, .timedOut(.connect): true
    default: isEndOfDaemon
    }
  }
}
