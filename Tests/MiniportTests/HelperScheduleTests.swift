import NDIS
import Testing

@testable import Miniport

@Suite("Which job a helper does next")
struct HelperScheduleTests {
  private static let deadline = HelperSchedule.deadlineNanoseconds

  /// Starts threads as the pool does, and has each take a job.
  private func start(_ schedule: inout HelperSchedule, now: UInt64 = 0) -> [HelperSchedule.Job] {
    var taken: [HelperSchedule.Job] = []
    while schedule.needsThread(now: now) {
      if let job = schedule.next(now: now) { taken.append(job) }
    }
    return taken
  }

  /// Submits a job that is taken.
  private func submit(
    _ schedule: inout HelperSchedule, _ kind: HelperSchedule.Kind, of index: Int32, now: UInt64
  ) throws -> HelperSchedule.Job {
    let job = schedule.submit(kind, of: index, now: now)
    return try #require(job)
  }

  @Test("opens come before closes, in the order they were asked for")
  func order() throws {
    var schedule = HelperSchedule()
    let close = try submit(&schedule, .close, of: 1, now: 0)
    let opens = try (2...3).map { try submit(&schedule, .open, of: $0, now: 0) }
    #expect(start(&schedule) == opens + [close])
  }

  @Test("of one interface one job is under way at a time, whatever the others do")
  func oneAtATime() throws {
    var schedule = HelperSchedule()
    let first = try submit(&schedule, .open, of: 1, now: 0)
    let second = try submit(&schedule, .close, of: 1, now: 0)
    let other = try submit(&schedule, .close, of: 2, now: 0)
    #expect(start(&schedule) == [first, other])
    #expect(schedule.ended(first) == true)
    #expect(schedule.next(now: 0) == second)
  }

  @Test("at most eight jobs are under way, and what waits is done by those that end")
  func atMostEight() throws {
    var schedule = HelperSchedule()
    let jobs = try (1...100).map { try submit(&schedule, .open, of: $0, now: 0) }
    var running = start(&schedule)
    #expect(running == Array(jobs.prefix(8)))
    var done: [HelperSchedule.Job] = []
    while !running.isEmpty {
      let job = running.removeFirst()
      done.append(job)
      if schedule.ended(job), let next = schedule.next(now: 0) { running.append(next) }
    }
    #expect(done == jobs)
    #expect(schedule.needsThread(now: 0) == false)
  }

  @Test("a job that hangs holds up its own interface only, and that hears of it")
  func overdue() throws {
    var schedule = HelperSchedule()
    let stuck = try (1...8).map { try submit(&schedule, .open, of: $0, now: 0) }
    #expect(start(&schedule) == stuck)
    let other = try submit(&schedule, .open, of: 9, now: 1)
    #expect(start(&schedule, now: 1).isEmpty)
    #expect(schedule.progress(of: stuck[0], now: 1) == .pending(askAfter: Self.deadline - 1))
    #expect(schedule.progress(of: stuck[0], now: Self.deadline) == .overdue)
    #expect(start(&schedule, now: Self.deadline) == [other])
    #expect(schedule.submit(.open, of: 1, now: Self.deadline) == nil)
    // It comes back in the end, and its interface is as any other.
    _ = schedule.ended(stuck[0])
    #expect(schedule.progress(of: stuck[0], now: Self.deadline) == .ended)
    #expect(schedule.submit(.open, of: 1, now: Self.deadline) != nil)
  }

  @Test("the deadline runs from the start of a job, not from when it was asked for")
  func deadlineFromStart() throws {
    var schedule = HelperSchedule()
    let first = try submit(&schedule, .open, of: 1, now: 0)
    let second = try submit(&schedule, .open, of: 1, now: 0)
    #expect(start(&schedule) == [first])
    let late = Self.deadline - 1
    #expect(schedule.progress(of: second, now: late) == .pending(askAfter: Self.deadline))
    #expect(schedule.ended(first) == true)
    #expect(schedule.next(now: late) == second)
    #expect(schedule.progress(of: second, now: Self.deadline) != .overdue)
  }

  @Test(
    "a clock that was read before the job began makes no job overdue: threads read it in any order")
  func earlierClock() throws {
    var schedule = HelperSchedule()
    let job = try submit(&schedule, .open, of: 1, now: 10)
    #expect(start(&schedule, now: 10) == [job])
    #expect(schedule.progress(of: job, now: 9) == .pending(askAfter: Self.deadline))
    #expect(schedule.submit(.close, of: 1, now: 9) != nil)
    #expect(schedule.progress(of: job, now: 11) == .pending(askAfter: Self.deadline - 1))
  }

  @Test("a job that has not begun can be taken back, and one that has cannot")
  func withdraw() throws {
    var schedule = HelperSchedule()
    let first = try submit(&schedule, .open, of: 1, now: 0)
    let second = try submit(&schedule, .open, of: 1, now: 0)
    #expect(start(&schedule) == [first])
    let isTakenBack = schedule.withdraw(second)
    #expect(isTakenBack && schedule.progress(of: second, now: 0) == .ended)
    let isLate = schedule.withdraw(first)
    #expect(!isLate)
  }
}
