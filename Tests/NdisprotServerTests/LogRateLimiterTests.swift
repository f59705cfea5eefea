import Testing

@testable import NdisprotServer

@Suite("LogRateLimiter")
struct LogRateLimiterTests {
  private static let second: UInt64 = 1_000_000_000

  @Test("threat T22: a burst is written, then so many a second, and none goes uncounted")
  func burst() {
    var limit = LogRateLimiter()
    var written = 0
    var told: UInt64 = 0
    // A failure a millisecond for ten seconds, each with another cause.
    for step in 0..<10_000 as Range<UInt64> {
      let now = Self.second + step * 1_000_000
      if let unlogged = limit.admits(1, .failure(cause: Int(step)), nowNanoseconds: now) {
        written += 1
        told += unlogged
      }
    }
    #expect((24...25).contains(written))
    let last = limit.admits(1, .failure(cause: 0), nowNanoseconds: 20 * Self.second) ?? 0
    #expect(UInt64(written) + told + last == 10_000)
  }

  @Test("threat T22: a failure that only repeats the last one leaves room for another cause")
  func repetition() {
    var limit = LogRateLimiter()
    func admitted(_ cause: Int, times: Int) -> Int {
      (0..<times).count { _ in
        limit.admits(1, .failure(cause: cause), nowNanoseconds: Self.second) != nil
      }
    }
    #expect(admitted(1, times: 150) == 10)
    #expect(admitted(2, times: 150) == 1)
    #expect(admitted(3, times: 150) == 1)
    // Two in turn have what is left, and no more.
    #expect((0..<150).reduce(0) { sum, step in sum + admitted(10 + step % 2, times: 1) } == 3)
  }

  @Test("a failure that cannot be written is known as that before its text is made, and counted")
  func early() {
    var limit = LogRateLimiter()
    func mayAdmit(at now: UInt64) -> Bool { limit.mayAdmitFailure(1, nowNanoseconds: now) }
    for cause in 0..<15 {
      #expect(mayAdmit(at: Self.second))
      #expect(limit.admits(1, .failure(cause: cause), nowNanoseconds: Self.second) == 0)
    }
    #expect(!mayAdmit(at: Self.second))
    #expect(mayAdmit(at: 2 * Self.second))
    #expect(limit.admits(1, .failure(cause: 15), nowNanoseconds: 2 * Self.second) == 1)
  }

  @Test("fifteen hundred deeds in a row are accounted for, and failures leave room for deeds")
  func deeds() {
    var limit = LogRateLimiter()
    for _ in 0..<1_500 { #expect(limit.admits(1, .deed, nowNanoseconds: Self.second) == 0) }
    #expect(limit.admits(1, .deed, nowNanoseconds: Self.second) == nil)
    // One user's allowance is one, whatever the kind of line.
    #expect(limit.admits(1, .failure(cause: 0), nowNanoseconds: Self.second) == nil)
    // A tenth of a second later.
    let later = Self.second + Self.second / 10
    #expect(limit.admits(1, .failure(cause: 0), nowNanoseconds: later) == nil)
    #expect(limit.admits(1, .deed, nowNanoseconds: later) == 3)
  }

  @Test("one user's flood leaves the others their lines")
  func users() {
    var limit = LogRateLimiter()
    for _ in 0..<100 { _ = limit.admits(1, .failure(cause: 0), nowNanoseconds: Self.second) }
    #expect(limit.admits(1, .failure(cause: 0), nowNanoseconds: Self.second) == nil)
    #expect(limit.admits(2, .failure(cause: 0), nowNanoseconds: Self.second) == 0)
  }

  @Test("threat T22: users who all come at once do not make every line of theirs a search of all")
  func crowd() {
    var limit = LogRateLimiter()
    for _ in 0..<3 {
      for user in 0..<5_000 as Range<UInt32> {
        #expect(limit.admits(user, .failure(cause: 0), nowNanoseconds: Self.second) == 0)
      }
    }
    // At 1,024, 2,048 and 4,096 users, of whom none was quiet.
    #expect(limit.sweepCount == 3 && limit.userCount == 5_000)
    // They are forgotten when they have been quiet, and the next that comes finds a small table.
    for user in 5_000..<13_000 as Range<UInt32> {
      _ = limit.admits(user, .failure(cause: 0), nowNanoseconds: 100 * Self.second)
      if limit.sweepCount == 4 { break }
    }
    #expect(limit.userCount < 5_000)
  }

  @Test("thousands of users that come once are forgotten, and a clock that stands is no trouble")
  func forgotten() {
    var limit = LogRateLimiter()
    for user in 0..<5_000 as Range<UInt32> {
      #expect(limit.admits(user, .deed, nowNanoseconds: UInt64(user) * 100_000_000) == 0)
    }
    #expect(limit.userCount <= 1_024)
    #expect(limit.admits(4_999, .deed, nowNanoseconds: 0) != nil)
  }
}
