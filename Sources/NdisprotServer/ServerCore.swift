internal import Glibc
internal import NDIS
internal import Ndisprot
internal import Platform
internal import Synchronization
internal import WDF

/// What all loops of the server share; nothing but the configuration changes after the start.
final class ServerCore: @unchecked Sendable {  // `control` is set once, before any loop runs.
  private let current: LockedValue<ServerConfiguration>
  let environment: ServerEnvironment
  let driver: NdisprotDriver
  let framework: Ref<Driver>
  let device: Ref<ControlDevice>
  /// The daemon's own user, who may administer it as root may.
  let ownUserID = geteuid()
  let trace: TraceRing
  let rings: RingBudget
  let quotas = QuotaTable()
  let writeBudget = PendingWriteBudget()
  let budgets: Budgets
  let sendBuffers: SendBuffers
  let closers = Closers()
  let lookups: Lookups
  let desk: CardDesk
  /// When every loop had answered the service manager's question; 0 before the first time.
  let lastAnswer = Atomic<UInt64>(0)
  /// Denials by reason, written or not.
  let denials = DenialCounts()
  /// Of the session that came last.
  let sessionNumber = Atomic<UInt64>(0)
  /// What users did that is over.
  let totals = UserTotals()
  /// Sessions that ask for totals.
  let scraperCount = Atomic<Int>(0)
  /// Users by name, for records.
  let userNames = UserNames()
  /// Every line that a user causes, of whatever kind.
  private let lines = LockedValue(LogRateLimiter())
  private(set) weak var control: ControlLoop?
  /// Where the thread that unloads waits for a loop.
  private let isDone: AutoResetEvent
  /// A loop did not answer; it is not waited for again.
  private let hasGivenUp = LockedValue(false)

  init(
    configuration: ServerConfiguration, environment: ServerEnvironment, driver: NdisprotDriver,
    framework: Ref<Driver>, device: Ref<ControlDevice>, isDone: AutoResetEvent, desk: CardDesk
  ) {
    self.desk = desk
    self.isDone = isDone
    current = LockedValue(configuration)
    rings = RingBudget(receiveByteCount: configuration.queueByteCount)
    budgets = Budgets(configuration)
    sendBuffers = SendBuffers(budgets.largeBuffers)
    self.environment = environment
    self.driver = driver
    self.framework = framework
    self.device = device
    lookups = Lookups(framework)
    trace = device.framework.traceRing
  }

  /// What the daemon was told to do last.
  var configuration: ServerConfiguration { current.withLock { $0 } }

  /// The configuration that stands in for files that cannot be used; nil if they can.
  var configurationIfBroken: ServerConfiguration? {
    current.withLock { $0.failure == nil ? nil : $0 }
  }

  /// A reload succeeded.
  ///
  /// - Thread: control
  func follow(_ configuration: ServerConfiguration) {
    current.withLock { $0 = configuration }
    rings.resize(receiveByteCount: configuration.queueByteCount)
    budgets.follow(configuration)
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
  func audit(_ record: AuditRecord, of client: Credentials) { write(record, client, .deed) }

  /// Accounts for what a client was refused; what is not written costs next to nothing.
  func auditDenial(
    _ reason: DenialReason, _ record: @autoclosure () -> AuditRecord, of client: Credentials
  ) {
    denials.count(reason)
    write(record(), client, .failure)
  }

  private func write(
    _ record: @autoclosure () -> AuditRecord, _ client: Credentials, _ cost: LogRateLimiter.Cost
  ) {
    guard let unlogged = unlogged(client.userID, cost) else { return }
    let record = record()
    environment.audit(unlogged == 0 ? record : record.with("unlogged", unlogged))
  }

  /// How many lines of a user were left out since the last one; nil if this one is left out too.
  private func unlogged(_ userID: UInt32, _ cost: LogRateLimiter.Cost) -> UInt64? {
    lines.withLock { $0.admits(userID, cost, nowNanoseconds: monotonicNanoseconds()) }
  }

  /// Tells the operator of something that a client did, or that went wrong for it.
  ///
  /// - Parameters:
  ///   - level: how much it matters
  ///   - text: is made only if it is written
  ///   - event: what happened
  ///   - binding: to which interface
  ///   - client: whose allowance of lines it takes
  func logFailure(
    _ level: LogLevel, _ text: @autoclosure () -> String, _ event: LogEvent, binding: String?,
    of client: Credentials
  ) {
    logFailure(
      level, text(), event, binding: binding, client: client.name, ofUser: client.userID)
  }

  /// The same about a user of whom no session is known.
  func logFailure(
    _ level: LogLevel, _ text: @autoclosure () -> String, _ event: LogEvent? = nil,
    binding: String? = nil, client: String? = nil, ofUser userID: UInt32
  ) {
    guard let unlogged = unlogged(userID, .failure) else { return }
    let more = unlogged == 0 ? "" : " (\(unlogged) more lines about this user were left out)"
    log(level, text() + more, event, binding: binding, client: client)
  }

  /// Starts threads that unloading waits for.
  var startHelper: ThreadStarter {
    { [framework] name, body in
      do throws(WdfError) {
        _ = try framework.spawnWorker(name) { _ in body() }
        return true
      } catch {
        return false
      }
    }
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
    onControl { $0.server.driver.cancelWaits(of: session.file) }
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
    start { isDone.set() }
    // Unloading has a deadline of its own, and says who did not answer.
    guard !hasGivenUp.withLock({ $0 }) else { return }
    if !isDone.wait(milliseconds: milliseconds) { hasGivenUp.withLock { $0 = true } }
  }
}
