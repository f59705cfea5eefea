internal import Platform

/// Keeps clients from filling the log: each user has one allowance for all lines it causes.
///
/// A line about what a user did costs little, so that a thousand opens in a row are accounted for.
/// A line about a refusal, a failure or a protocol violation costs a hundred times as much.
/// Suppressed lines are counted, and the count is added to the user's next line. A failure that
/// repeats the user's last one leaves a third of the allowance: another cause is still seen.
///
/// - Source: threat T22
struct LogRateLimiter: Sendable {
  /// The cost of a line.
  enum Cost: Hashable, Sendable {
    /// An open, a close, a change.
    case deed
    /// A denial, a failure, a violation; two with the same cause are repetitions.
    case failure(cause: Int)

    fileprivate var amount: Double {
      switch self {
      case .deed: 1
      case .failure: failureCost
      }
    }
  }

  private struct Allowance {
    var left = burst
    var filledAt: UInt64
    var unlogged: UInt64 = 0
    /// The cause of the last failure.
    var cause: Int?
  }

  /// The allowance of a quiet user.
  private static let burst = 1_500.0
  /// What repetitions leave of it.
  private static let reserve = 500.0
  private static let failureCost = 100.0
  private static let perSecond = 100.0
  private static let tidyUserCount = 1_024
  private var users: [UInt32: Allowance] = [:]
  /// With this many users the quiet ones are dropped: twice the number that was left, so that the
  /// cost per new user stays bounded.
  private var fullUserCount = tidyUserCount
  /// How many times users were dropped.
  private(set) var sweepCount = 0

  /// Creates a limiter without users.
  init() {}

  /// Users that are tracked.
  var userCount: Int { users.count }

  /// Whether a failure of a user can be written: if not, its text need not be made.
  mutating func mayAdmitFailure(_ userID: UInt32, nowNanoseconds now: UInt64) -> Bool {
    var user = filled(userID, now)
    let may = user.left >= Self.failureCost
    if !may { user.unlogged &+= 1 }
    users[userID] = user
    return may
  }

  /// How many lines of a user were suppressed since its last one; nil if this one is suppressed
  /// too.
  mutating func admits(
    _ userID: UInt32, _ cost: Cost, nowNanoseconds now: UInt64
  ) -> UInt64? {
    var user = filled(userID, now)
    defer { users[userID] = user }
    var needed = cost.amount
    if case .failure(let cause) = cost, cause == user.cause { needed += Self.reserve }
    guard user.left >= needed else {
      user.unlogged &+= 1
      return nil
    }
    if case .failure(let cause) = cost { user.cause = cause }
    user.left -= cost.amount
    defer { user.unlogged = 0 }
    return user.unlogged
  }

  /// A user with the allowance of this moment.
  private mutating func filled(_ userID: UInt32, _ now: UInt64) -> Allowance {
    let known = users[userID]
    if known == nil, users.count >= fullUserCount { forgetQuiet(now) }
    var user = known ?? Allowance(filledAt: now)
    let seconds = Double(nanosecondsPassed(since: user.filledAt, until: now)) / 1e9
    user.left = min(Self.burst, user.left + seconds * Self.perSecond)
    user.filledAt = now
    return user
  }

  /// Drops users with a full allowance, which differ in nothing from new ones; so the table stays
  /// small.
  private mutating func forgetQuiet(_ now: UInt64) {
    let nanoseconds = UInt64(Self.burst / Self.perSecond * 1e9)
    users = users.filter {
      nanosecondsPassed(since: $0.value.filledAt, until: now) < nanoseconds
    }
    fullUserCount = max(LogRateLimiter.tidyUserCount, 2 * users.count)
    sweepCount += 1
  }
}
