import Testing

@testable import NdisprotServer

@Suite("SessionWork")
struct SessionWorkTests {
  @Test("a thread that did nothing else leaves every session what was measured")
  func undisturbed() {
    var work = SessionWork()
    work.unsettled = 300
    work.settle(spent: 1_000, of: 500)
    #expect(work.nanoseconds == 300 && work.unsettled == 0)
    work.add(20)
    #expect(work.nanoseconds == 320)
  }

  @Test(
    "threat T5: what the scheduler gave to others is taken off in proportion, to the last nanosecond",
    arguments: [0, 1, 400, 999, 1_000] as [UInt64])
  func preempted(spent: UInt64) {
    let measured: [UInt64] = [1, 99, 300, 600]
    let shares = measured.map { nanoseconds in
      var work = SessionWork()
      work.unsettled = nanoseconds
      work.settle(spent: spent, of: 1_000)
      return work.nanoseconds
    }
    #expect(shares.reduce(0, +) <= spent)
    #expect(shares.reduce(0, +) + 4 >= spent)
    #expect(shares == shares.sorted())
  }

  @Test("figures beyond all measure do not trap")
  func extremes() {
    var work = SessionWork()
    work.unsettled = .max
    work.settle(spent: .max - 1, of: .max)
    work.unsettled = 5
    work.settle(spent: 0, of: 0)
    #expect(work.unsettled == 0)
  }
}
