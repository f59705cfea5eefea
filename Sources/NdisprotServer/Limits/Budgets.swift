internal import Ndisprot

/// Every budget of the daemon: what its clients may hold, and what they hold now.
///
/// - Thread: any
struct Budgets: Sendable {
  /// Sessions for clients that no rule names.
  static let strangerSessions = 16

  /// Sessions; `sessions` and `sessions_per_user` of the configuration.
  let sessions: Budget
  /// Sessions of clients that no rule names, all of them together.
  let strangers = Budget("strangers", Budget.Limits(all: strangerSessions))
  /// Requests that wait until interfaces are bound.
  let waits = Budget("waits", Budget.Limits(all: 16_384, user: 4_096, session: 64))
  /// Sockets with a large send buffer.
  let largeBuffers = Budget("large-buffers", Budget.Limits(all: 64, user: 16))

  /// Rings of bindings.
  let rings: RingBudget
  /// Bytes of replies that wait, beyond those that each session has to itself.
  let replies = Budget("replies", Budget.Limits(all: 64 << 20, user: 16 << 20))
  /// Bytes of writes that wait, beyond a message of each open.
  let pendedWrites = PendingWriteBudget()
  /// Opens and windows under rules with a quota.
  let quotas = QuotaTable()

  /// Creates budgets of which nothing is used.
  init(_ configuration: ServerConfiguration) {
    sessions = Budget("sessions", Budgets.sessionLimits(configuration), countsRoot: true)
    rings = RingBudget(receiveByteCount: configuration.queueByteCount)
  }

  /// Applies a new configuration.
  func follow(_ configuration: ServerConfiguration) {
    sessions.follow(Budgets.sessionLimits(configuration))
    rings.resize(receiveByteCount: configuration.queueByteCount)
  }

  private static func sessionLimits(_ configuration: ServerConfiguration) -> Budget.Limits {
    Budget.Limits(
      all: configuration.maximumSessions, user: configuration.maximumSessionsPerUser)
  }

  /// Queries for a user's rights; they query the directory one after the other.
  static let explainsOfUser = 4
  /// The queries in progress or waiting; one per session.
  let explains = Budget("explains", Budget.Limits(all: 64, user: explainsOfUser, session: 1))

  /// The use of each, in the order of `stats --limits`.
  var uses: [Budget.Use] {
    [
      sessions, strangers, waits, explains, largeBuffers, rings.capture, rings.receive, replies,
    ].map(\.use) + [pendedWrites.use] + quotas.budgetUses
  }
}
