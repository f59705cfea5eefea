/// Keeps a client from filling the log: one allowance for all lines that a user causes.
///
/// A line about what a user did costs little, so that a thousand opens in a row are accounted for; one
/// about what was refused, went wrong or broke the protocol costs a hundred times as much. What is not
/// written is counted, and told with the user's next line.
///
/// - Source: threat T22
struct LogRateLimiter: Sendable {
  /// What a line takes of the allowance.
  enum Cost: Double, Sendable {
    /// An open, a close, a change.
    case deed = 1
    /// A denial, a failure, a violation.
    case failure = 100
  }

  private struct Allowance {
    var left = burst
    var filledAt: UInt64
    var unlogged: UInt64 = 0
  }

  /// What a quiet user has.
  private static let burst = 1_000.0
  private static let perSecond = 100.0
  private static let tidyUserCount = 1_024
  private var users: [UInt32: Allowance] = [:]
  /// With so many users the quiet ones are forgotten: twice those that were left, so that a user who
  /// comes costs a bounded part of it.
  private var fullUserCount = tidyUserCount
  /// How often they were.
  private(set) var sweepCount = 0

  /// Makes one that knows of no user.
  init() {}

  /// Users of whom something is known.
  var userCount: Int { users.count }

  /// How many lines of a user were not written since his last; nil if this one is not either.
  mutating func admits(
    _ userID: UInt32, _ cost: Cost, nowNanoseconds now: UInt64
  ) -> UInt64? {
    let known = users[userID]
    if known == nil, users.count >= fullUserCount { forgetQuiet(now) }
    var user = known ?? Allowance(filledAt: now)
    let seconds = Double(now &- min(now, user.filledAt)) / 1e9
    user.left = min(Self.burst, user.left + seconds * Self.perSecond)
    user.filledAt = now
    defer { users[userID] = user }
    guard user.left >= cost.rawValue else {
      user.unlogged &+= 1
      return nil
    }
    user.left -= cost.rawValue
    defer { user.unlogged = 0 }
    return user.unlogged
  }

  /// Who could write a full burst is as one who never came; so the table stays small.
  private mutating func forgetQuiet(_ now: UInt64) {
    let nanoseconds = UInt64(Self.burst / Self.perSecond * 1e9)
    users = users.filter { now &- min(now, $0.value.filledAt) < nanoseconds }
    fullUserCount = max(LogRateLimiter.tidyUserCount, 2 * users.count)
    sweepCount += 1
  }
}
