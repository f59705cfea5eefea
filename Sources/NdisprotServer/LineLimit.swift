/// Keeps a client from filling the log.
///
/// Each user has some lines at once and then some a second; what comes beyond is counted, and told
/// with the next line of his.
///
/// - Source: threat T22
struct LineLimit: Sendable {
  private struct Allowance {
    var lines: Double
    var filledAt: UInt64
    var unlogged: UInt64 = 0
  }

  private let burst: Double
  private let linesPerSecond: Double
  private static let tidyUserCount = 1_024
  private var users: [UInt32: Allowance] = [:]
  /// With so many users the quiet ones are forgotten: twice those that were left, so that a user who
  /// comes costs a bounded part of it.
  private var fullUserCount = tidyUserCount
  /// How often they were.
  private(set) var sweepCount = 0

  /// Makes a limit.
  init(burst: Int, linesPerSecond: Int) {
    self.burst = Double(burst)
    self.linesPerSecond = Double(linesPerSecond)
  }

  /// Users of whom something is known.
  var userCount: Int { users.count }

  /// How many lines of a user were not written since his last; nil if this one is not either.
  mutating func admits(_ userID: UInt32, nowNanoseconds now: UInt64) -> UInt64? {
    let known = users[userID]
    if known == nil, users.count >= fullUserCount { forgetQuiet(now) }
    var user = known ?? Allowance(lines: burst, filledAt: now)
    let seconds = Double(now &- min(now, user.filledAt)) / 1e9
    user.lines = min(burst, user.lines + seconds * linesPerSecond)
    user.filledAt = now
    defer { users[userID] = user }
    guard user.lines >= 1 else {
      user.unlogged &+= 1
      return nil
    }
    user.lines -= 1
    defer { user.unlogged = 0 }
    return user.unlogged
  }

  /// Who could write a full burst is as one who never came; so the table stays small.
  private mutating func forgetQuiet(_ now: UInt64) {
    let nanoseconds = UInt64(burst / linesPerSecond * 1e9)
    users = users.filter { now &- min(now, $0.value.filledAt) < nanoseconds }
    fullUserCount = max(LineLimit.tidyUserCount, 2 * users.count)
    sweepCount += 1
  }
}
