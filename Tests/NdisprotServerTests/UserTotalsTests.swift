import NDIS
import Ndisprot
import Testing

@testable import NdisprotServer

/// Totals of users: what is closed and what lives together, whatever moves meanwhile.
@Suite("UserTotals")
struct UserTotalsTests {
  private func open(_ userID: UInt32, id: UInt64 = 1, sent: UInt64, queued: UInt64 = 0)
    -> CounterSet
  {
    CounterSet(
      kind: .open, userID: userID, interfaceIndex: 2, id: id, name: "",
      values: [(.txSent, sent), (.rxQueued, queued)])
  }

  private func session(_ userID: UInt32, id: UInt64, issued: UInt64) -> CounterSet {
    CounterSet(
      kind: .session, userID: userID, interfaceIndex: 2, id: id, name: "",
      values: [(.reqIssued, issued), (.reqPending, 1)])
  }

  private func value(_ counter: Counter, of set: CounterSet?) -> UInt64? {
    set?.values.first { $0.0 == counter }?.1
  }

  private func row(_ sets: [CounterSet], _ userID: UInt32, _ index: Int32) -> CounterSet? {
    sets.first { $0.userID == userID && $0.interfaceIndex == index }
  }

  @Test(
    "closed opens count on in the row of their user and interface; sessions in that of interface 0")
  func folded() {
    let totals = UserTotals()
    var report = UserReport()
    totals.add(open(7, sent: 10, queued: 5))
    totals.add(session(7, id: 1, issued: 3))
    let live = [open(7, id: 2, sent: 1, queued: 4), session(7, id: 2, issued: 2)]
    let sets = report.sets(totals.all, live: live) { $0 == 7 ? "alice" : nil }
    let (opens, sessions) = (row(sets, 7, 2), row(sets, 7, 0))
    #expect(opens?.name == "alice" && sets.count == 2)
    #expect(value(.txSent, of: opens) == 11)
    // A closed open has nothing queued.
    #expect(value(.rxQueued, of: opens) == 4 && value(.opens, of: opens) == 1)
    #expect(value(.reqIssued, of: sessions) == 5 && value(.sessions, of: sessions) == 1)
    let later = report.sets(totals.all, live: []) { _ in nil }
    #expect(value(.rxQueued, of: row(later, 7, 2)) == 0)
    #expect(value(.opens, of: row(later, 7, 2)) == 0)
    #expect(row(later, 7, 0)?.name == "7")
  }

  @Test("an open that is seen twice counts once, and one that is missed lets no counter fall")
  func moving() {
    var report = UserReport()
    let twice = report.sets([:], live: [open(7, sent: 4), open(7, sent: 4)]) { _ in nil }
    #expect(value(.txSent, of: row(twice, 7, 2)) == 4)
    let missed = report.sets([:], live: []) { _ in nil }
    #expect(value(.txSent, of: row(missed, 7, 2)) == 4)
    report.forget(interfaceIndex: 2)
    #expect(report.sets([:], live: []) { _ in nil }.isEmpty)
  }

  @Test("threat T6: beyond so many users all others are one row")
  func bounded() {
    let totals = UserTotals()
    for user in 0..<UInt32(UserTotals.maximumCount + 500) { totals.add(open(user, sent: 1)) }
    #expect(totals.all.count == UserTotals.maximumCount + 1)
    var report = UserReport()
    let live = (0..<500).map { open(UInt32(100_000 + $0), id: UInt64($0), sent: 1) }
    _ = report.sets(totals.all, live: []) { _ in nil }
    let sets = report.sets(totals.all, live: live) { _ in nil }
    #expect(sets.count == UserTotals.maximumCount + 1)
    let others = sets.first { $0.name == "others" }
    #expect(value(.txSent, of: others) == 1_000)
    totals.forget(interfaceIndex: 2)
    #expect(totals.all.isEmpty)
  }
}
