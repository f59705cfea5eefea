internal import Glibc
internal import NDIS
internal import Ndisprot
internal import Platform
internal import Synchronization
internal import WDF

/// What all loops of the server share; only the configuration changes after the start.
final class ServerCore: @unchecked Sendable {  // `control` is set once, before any loop runs.
  private let current: LockedValue<ServerConfiguration>
  let environment: ServerEnvironment
  let driver: NdisprotDriver
  let framework: Ref<Driver>
  let device: Ref<ControlDevice>
  /// The user that runs the daemon, which may administer it as root may.
  let ownUserID = geteuid()
  let trace: TraceRing
  let spinBudget = SpinBudget()
  let budgets: Budgets
  let sendBuffers: SendBufferBudget
  let closers = Closers()
  let lookups: BlockingWorker
  let desk: NICQueryScheduler
  /// When every loop had answered the service manager's last watchdog check; 0 before the first.
  let lastAnswer = Atomic<UInt64>(0)
  /// Denials by reason, written or not.
  let denials = DenialCounts()
  /// The number of the latest session.
  let sessionNumber = Atomic<UInt64>(0)
  /// What users did in opens and sessions that have ended.
  let totals = UserTotals()
  /// Sessions that ask for totals.
  let scraperCount = Atomic<Int>(0)
  /// Users by name, for records.
  let userNames = UserNames()
  /// Limits all lines that a user causes, of every kind.
  private let lines = LockedValue(LogRateLimiter())
  private(set) weak var control: ControlLoop?
  /// Where the thread that unloads waits for a loop.
  private let isDone: AutoResetEvent
  /// A loop did not answer; it is not waited for again.
  private let hasGivenUp = LockedValue(false)

  init(
    configuration: ServerConfiguration, environment: ServerEnvironment, driver: NdisprotDriver,
    framework: Ref<Driver>, device: Ref<ControlDevice>, isDone: AutoResetEvent,
    desk: NICQueryScheduler
  ) {
    self.desk = desk
    self.isDone = isDone
    current = LockedValue(configuration)
    budgets = Budgets(configuration)
    sendBuffers = SendBufferBudget(budgets.largeBuffers)
    self.environment = environment
    self.driver = driver
    self.framework = framework
    self.device = device
    lookups = BlockingWorker(framework)
    trace = device.framework.traceRing
  }

  /// The configuration in effect.
  var configuration: ServerConfiguration { current.withLock { $0 } }

  /// The configuration that stands in for unusable files; nil if they are usable.
  var configurationIfBroken: ServerConfiguration? {
    current.withLock { $0.failure == nil ? nil : $0 }
  }

  /// Applies a reloaded configuration.
  ///
  /// - Thread: control
  func follow(_ configuration: ServerConfiguration) {
    current.withLock { $0 = configuration }
    budgets.follow(configuration)
  }

  func attach(_ control: ControlLoop) {
    self.control = control
    desk.control = control
  }

  /// Logs a message to the operator.
  func log(
    _ level: LogLevel, _ text: String, _ event: LogEvent? = nil, binding: String? = nil,
    client: String? = nil
  ) {
    environment.log(LogRecord(level, text, event, binding: binding, client: client))
  }

  /// Audits what a client did; the lines of a very active client are only counted.
  func audit(_ record: AuditRecord, of client: Credentials) { write(record, client, .deed) }

  /// Audits what a client was refused; suppressed lines cost next to nothing.
  func auditDenial(
    _ reason: DenialReason, _ record: @autoclosure () -> AuditRecord, of client: Credentials
  ) {
    denials.count(reason)
    write(record(), client, .failure(cause: reason.hashValue))
  }

  private func write(
    _ record: @autoclosure () -> AuditRecord, _ client: Credentials, _ cost: LogRateLimiter.Cost
  ) {
    guard let unlogged = unlogged(client.userID, cost) else { return }
    let record = record()
    environment.audit(unlogged == 0 ? record : record.with("unlogged", unlogged))
  }

  /// How many lines of a user were suppressed since the last one; nil if this one is suppressed
  /// too.
  private func unlogged(_ userID: UInt32, _ cost: LogRateLimiter.Cost) -> UInt64? {
    lines.withLock { $0.admits(userID, cost, nowNanoseconds: monotonicNanoseconds()) }
  }

  /// Logs what a client did, or what went wrong for it.
  ///
  /// - Parameters:
  ///   - level: how important it is
  ///   - text: evaluated outside of any lock, and only while the user has lines left
  ///   - event: what happened
  ///   - binding: the interface
  ///   - client: the client whose allowance of lines it uses
  func logFailure(
    _ level: LogLevel, _ text: @autoclosure () -> String, _ event: LogEvent, binding: String?,
    of client: Credentials
  ) {
    logFailure(
      level, text(), event, binding: binding, client: client.name, ofUser: client.userID)
  }

  /// The same for a user without a known session.
  func logFailure(
    _ level: LogLevel, _ text: @autoclosure () -> String, _ event: LogEvent? = nil,
    binding: String? = nil, client: String? = nil, ofUser userID: UInt32
  ) {
    let now = monotonicNanoseconds()
    guard lines.withLock({ $0.mayAdmitFailure(userID, nowNanoseconds: now) }) else { return }
    let text = text()
    guard let unlogged = unlogged(userID, .failure(cause: text.hashValue)) else { return }
    let more = unlogged == 0 ? "" : " (\(unlogged) more lines about this user were left out)"
    log(level, text + more, event, binding: binding, client: client)
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

  /// Mails work to control; it is dropped after control has ended.
  func onControl(_ work: @escaping @Sendable (ControlLoop) -> Void) {
    guard let control else { return }
    if control.loop.isCurrent {
      work(control)
    } else {
      _ = control.loop.post { work(control) }
    }
  }

  /// Cancels the requests of a session that wait on control.
  func cancelWaits(of session: Session) {
    onControl { $0.server.driver.cancelWaits(of: session.file) }
  }

  /// Lets a loop do something, and waits until it is done.
  ///
  /// - Parameters:
  ///   - milliseconds: the longest wait
  ///   - start: starts the work on the loop; the loop calls its argument at the end
  /// - Thread: the one that unloads; no other thread waits here
  func waitWhile(
    milliseconds: Int32 = 3_000, _ start: (@escaping @Sendable () -> Void) -> Void
  ) {
    let isDone = self.isDone
    start { isDone.set() }
    // Unloading has a deadline of its own, and reports which thread did not answer.
    guard !hasGivenUp.withLock({ $0 }) else { return }
    if !isDone.wait(milliseconds: milliseconds) { hasGivenUp.withLock { $0 = true } }
  }
}
