internal import Glibc
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import Synchronization

/// When the configuration was read, and the result of the last reload.
///
/// - Units: nanoseconds since the epoch, and on the monotonic clock
struct ReloadHistory {
  let startedAt = realtimeNanoseconds()
  let started = monotonicNanoseconds()
  private(set) var configuredAt = realtimeNanoseconds()
  private(set) var reloadedAt: UInt64 = 0
  private(set) var takenCount: UInt32 = 0
  private(set) var refusal: String

  /// Starts with the error of the initial configuration; empty if it has none.
  init(failure: String) {
    refusal = failure
    if !failure.isEmpty { reloadedAt = startedAt }
  }

  /// Records the end of a reload.
  mutating func note(_ reply: ReloadReply) {
    reloadedAt = realtimeNanoseconds()
    refusal = reply.refusal
    guard refusal.isEmpty else { return }
    configuredAt = reloadedAt
    takenCount &+= 1
  }
}

extension ControlLoop {
  /// ADMINISTRATION, status.
  func status(for session: Session) -> StatusReply {
    let identity = server.environment.identity
    let now = monotonicNanoseconds()
    var reply = StatusReply()
    reply.flags = flags(identity)
    reply.processID = UInt32(bitPattern: getpid())
    reply.userID = server.ownUserID
    reply.startedAt = history.startedAt
    reply.uptime = nanosecondsPassed(since: history.started, until: now)
    reply.watchdog = identity.watchdogNanoseconds
    let lastAnswer = server.lastAnswer.load(ordering: .relaxed)
    reply.answerAge = lastAnswer == 0 ? 0 : nanosecondsPassed(since: lastAnswer, until: now)
    reply.version = identity.version
    reply.socketPath = identity.socketPath
    if session.isAdministrator { addTotals(to: &reply) }
    return reply
  }

  private func flags(_ identity: DaemonIdentity) -> StatusReply.Flags {
    var flags: StatusReply.Flags = []
    if identity.isService { flags.insert(.service) }
    if identity.isSocketInherited { flags.insert(.inheritedSocket) }
    if identity.isMemoryLocked() { flags.insert(.lockedMemory) }
    if server.configuration.isVerified { flags.insert(.verifier) }
    if server.configurationIfBroken != nil { flags.insert(.misconfigured) }
    if !history.refusal.isEmpty { flags.insert(.reloadFailed) }
    return flags
  }

  private func addTotals(to reply: inout StatusReply) {
    let configuration = server.configuration
    reply.flags.insert(.administrator)
    reply.configuredAt = history.configuredAt
    reply.reloadedAt = history.reloadedAt
    reply.reloadCount = history.takenCount
    reply.refusal = history.refusal
    reply.fileCount = UInt32(clamping: configuration.files.count)
    reply.configuration = configuration.files.first ?? ""
    reply.configurationHash = configuration.hash
    reply.ruleCount = UInt32(clamping: policy.rules.count)
    let scrapers = server.scraperCount.load(ordering: .relaxed)
    reply.sessionCount = UInt32(clamping: server.budgets.sessions.use.used - scrapers)
    reply.sessionLimit = UInt32(clamping: configuration.maximumSessions)
    reply.capture = StatusReply.Memory(server.budgets.rings.capture.use)
    reply.receive = StatusReply.Memory(server.budgets.rings.receive.use)
  }
}

extension StatusReply.Memory {
  /// Bytes, rounded up to MiB.
  fileprivate init(_ use: Budget.Use) {
    let mebibyte = 1 << 20
    self.init(
      used: UInt32(clamping: (use.used + mebibyte - 1) / mebibyte),
      limit: UInt32(clamping: (use.limits.all ?? 0) / mebibyte))
  }
}
