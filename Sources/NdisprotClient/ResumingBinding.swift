internal import NDIS
internal import NdisprotControl

/// An open that outlives the daemon: after a restart it connects and opens again, as it was granted.
///
/// What was under way when the daemon went ends once, as `restarted`. Nothing is sent again here: whether
/// a write of that moment reached the wire nobody knows, so only the caller can decide.
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

  /// The open as it is now; another one after each restart.
  public private(set) var current: OpenBinding
  /// How often it was opened again.
  public private(set) var resumeCount = 0
  private let path: String
  private let timeout: Duration?
  private let prepare: (OpenBinding) throws(ClientError) -> Void

  /// Takes an open over.
  ///
  /// - Parameters:
  ///   - binding: the open, whose connection nobody else uses from now on
  ///   - path: where the daemon listens
  ///   - timeout: how long the daemon, or the interface, may be away; nil waits without end
  ///   - prepare: sets again what belongs to an open and went with it: packet filter, groups
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

  /// Does something with the open; if the daemon goes meanwhile, this returns when it is back.
  ///
  /// - Throws: `.refused` with `restarted`: the open is there again, what was asked is not done or not
  ///   known to be; else what `body` throws, and what `resume` does
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

  /// Connects and opens again if the error says that the daemon went.
  ///
  /// A daemon that is told to stop cancels what is pended; so `cancelled` counts too, and whoever
  /// cancels requests of its own does not hand their end to this.
  ///
  /// - Throws: the error itself if it says something else; `.cannotReach`, `.timedOut` when the daemon
  ///   or the interface stays away; `.refused` with `busy`, `notPermitted`; `.interrupted`
  public func resume(
    after error: ClientError, by deadline: Deadline = .never
  ) throws(ClientError) {
    guard error.isEndOfDaemon else { throw error }
    let end = Deadline.earlier(deadline, Deadline(after: timeout))
    // Its exclusive open, if the daemon lives after all, must not stand in the way.
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
      try Interruption.wait(
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
  /// Whether the daemon was there when it was asked, and is not there any more.
  fileprivate var isEndOfDaemon: Bool {
    self == .daemonGone || status == .cancelled || status == .sendCancelled
  }

  /// Whether it may be otherwise in a moment, while a daemon starts.
  fileprivate var isPassing: Bool {
    switch self {
    case .cannotReach, .timedOut(.connect): true
    default: isEndOfDaemon
    }
  }
}
