internal import Glibc
internal import NDIS
internal import Ndisprot
internal import Platform
internal import Synchronization
internal import WDF

/// What all loops of the server share; nothing but the configuration changes after the start.
final class ServerCore: @unchecked Sendable {  // `control` is set once, before any loop runs.
  private let current: Guarded<ServerConfiguration>
  let environment: ServerEnvironment
  let driver: NdisprotDriver
  let framework: Ref<Driver>
  let device: Ref<ControlDevice>
  /// The daemon's own user, who may administer it as root may.
  let ownUserID = geteuid()
  let trace: TraceRing
  let rings: RingBudget
  let quotas = QuotaTable()
  let writeMemory = WriteMemory()
  let sendBuffers = SendBuffers()
  let lookups: Lookups
  let desk: CardDesk
  /// When every loop had answered the service manager's question; 0 before the first time.
  let lastAnswer = Atomic<UInt64>(0)
  /// Lines about what was refused to a user.
  private let denials = Guarded(LineLimit(burst: 10, linesPerSecond: 10))
  /// Lines about his opens, as they come and go.
  private let openings = Guarded(LineLimit(burst: 4_096, linesPerSecond: 100))
  /// Lines about his sessions that broke the protocol.
  private let violations = Guarded(LineLimit(burst: 4_096, linesPerSecond: 10))
  private(set) weak var control: ControlLoop?
  /// Where the thread that unloads waits for a loop.
  private let isDone: Gate
  /// A loop did not answer; it is not waited for again.
  private let hasGivenUp = Guarded(false)

  init(
    configuration: ServerConfiguration, environment: ServerEnvironment, driver: NdisprotDriver,
    framework: Ref<Driver>, device: Ref<ControlDevice>, isDone: Gate, desk: CardDesk
  ) {
    self.desk = desk
    self.isDone = isDone
    current = Guarded(configuration)
    rings = RingBudget(receiveByteCount: configuration.queueByteCount)
    self.environment = environment
    self.driver = driver
    self.framework = framework
    self.device = device
    lookups = Lookups(framework)
    trace = device.framework.traceRing
  }

  /// What the daemon was told to do last.
  var configuration: ServerConfiguration { current.withLock { $0 } }

  /// A reload succeeded.
  ///
  /// - Thread: control
  func follow(_ configuration: ServerConfiguration) {
    current.withLock { $0 = configuration }
    rings.resize(receiveByteCount: configuration.queueByteCount)
  }

  func attach(_ control: ControlLoop) {
    self.control = control
    desk.control = control
  }

  /// Tells the operator of something.
  func log(
    _ level: LogLevel, _ text: String, _ event: LogEvent? = nil, binding: String? = nil,
    client: String? = nil
  ) {
    environment.log(LogRecord(level, text, event, binding: binding, client: client))
  }

  /// Accounts for what a client did; a client that does it all the time has its lines counted.
  func audit(_ record: AuditRecord, of client: Credentials) {
    let unlogged = openings.withLock { $0.admits(client.userID, nowNanoseconds: EventLoop.now()) }
    write(record, unlogged)
  }

  /// Accounts for what a client was refused; what is not written costs next to nothing.
  func auditDenial(_ record: @autoclosure () -> AuditRecord, of client: Credentials) {
    let unlogged = denials.withLock { $0.admits(client.userID, nowNanoseconds: EventLoop.now()) }
    write(record(), unlogged)
  }

  private func write(_ record: @autoclosure () -> AuditRecord, _ unlogged: UInt64?) {
    guard let unlogged else { return }
    let record = record()
    environment.audit(unlogged == 0 ? record : record.with("unlogged", unlogged))
  }

  /// Tells the operator of a session that ends because its client broke the protocol.
  func logViolation(_ violation: String, of client: Credentials, binding: String?) {
    let unlogged = violations.withLock {
      $0.admits(client.userID, nowNanoseconds: EventLoop.now())
    }
    guard let unlogged else { return }
    let more = unlogged == 0 ? "" : " (\(unlogged) more of this user were not logged)"
    log(
      .warning, "session of \(client.name) closed: \(violation)\(more)", .violation,
      binding: binding, client: client.name)
  }

  /// Mails work to control; it is dropped when control is gone.
  func onControl(_ work: @escaping @Sendable (ControlLoop) -> Void) {
    guard let control else { return }
    if control.loop.isCurrent {
      work(control)
    } else {
      _ = control.loop.post { work(control) }
    }
  }

  /// Cancels what a session waits for on control.
  func cancelWaits(of session: Session) {
    onControl { control in
      control.endPowerWait(of: session)
      control.server.driver.cancelWaits(of: session.file)
    }
  }

  /// Has a loop do something, and waits until it was done.
  ///
  /// - Parameters:
  ///   - milliseconds: how long
  ///   - start: has the loop begin, and is given what the loop calls at the end
  /// - Thread: the one that unloads; no other waits here
  func waitWhile(
    milliseconds: Int32 = 3_000, _ start: (@escaping @Sendable () -> Void) -> Void
  ) {
    let isDone = self.isDone
    start { isDone.open() }
    // Unloading has a deadline of its own, and says who did not answer.
    guard !hasGivenUp.withLock({ $0 }) else { return }
    if !isDone.wait(milliseconds: milliseconds) { hasGivenUp.withLock { $0 = true } }
  }
}
