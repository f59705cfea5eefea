import Platform
import Testing

@testable import Ndisprot
@testable import NdisprotServer

@Suite("RingBudget")
struct RingBudgetTests {
  private static let mebibyte = 1 << 20

  /// Grants for bindings that each want as much, until one is refused or there are enough.
  private func grants(
    _ count: Int, of budget: RingBudget, to user: UInt32, capture: Int = 16, receive: Int = 1
  ) -> [RingBudget.Grant] {
    var grants: [RingBudget.Grant] = []
    while grants.count < count,
      let grant = try? budget.grant(
        capture: capture << 20, receive: receive << 20, to: user)
    {
      grants.append(grant)
    }
    return grants
  }

  @Test(
    "row 6: 300 bindings of one user fit into what one user may have, and of root into 256 MiB",
    arguments: [UInt32(1_000), 0], [(16, 1), (256, 64), (2, 1)])
  func many(user: UInt32, wanted: (capture: Int, receive: Int)) {
    let budget = RingBudget()
    var kept = grants(
      300, of: budget, to: user, capture: wanted.capture, receive: wanted.receive)
    #expect(kept.count == 300)
    #expect(kept.allSatisfy { $0.capture >= 512 << 10 && $0.receive >= 256 << 10 })
    #expect(kept.map(\.capture).reduce(0, +) == budget.capture.use.used)
    #expect(kept.map(\.receive).reduce(0, +) == budget.receive.use.used)
    let most = user == 0 ? RingBudget.total : RingBudget.total / 8 * 5
    #expect(budget.capture.use.used <= most && budget.receive.use.used <= most)
    kept = []
    #expect(budget.capture.use.used == 0 && budget.receive.use.used == 0)
  }

  @Test("the largest capture ring is halved for a binding that finds nothing left, and told so")
  func halves() throws {
    let budget = RingBudget()
    let told = LockedValue<[Int]>([])
    let first = try budget.grant(capture: 32 << 20, receive: 1 << 20, to: 0) { bytes in
      told.withLock { $0.append(bytes) }
    }
    let others = grants(14, of: budget, to: 0)
    #expect(first.capture == 32 << 20 && others.count == 14)
    let last = try budget.grant(capture: 16 << 20, receive: 1 << 20, to: 1_000)
    #expect(last.capture == 16 << 20 && !last.isBoundByUser && first.capture == 16 << 20)
    #expect(told.withLock { $0 } == [16 << 20])
    #expect(others.allSatisfy { $0.capture == 16 << 20 })
  }

  @Test(
    "threat A6: a user that opens everything shrinks its own rings; others find what they want")
  func ofUser() throws {
    let budget = RingBudget()
    let other = try budget.grant(capture: 32 << 20, receive: 1 << 20, to: 1_001)
    let greedy = grants(1_000, of: budget, to: 1_000)
    // 160 MiB hold 320 capture rings of the minimum; of the receive rings the first have more.
    #expect(greedy.count == 320)
    let refused = Budget.Refusal(name: "capture-rings", limit: 160 << 20, isOfUser: true)
    #expect(throws: refused) {
      try budget.grant(capture: 16 << 20, receive: 1 << 20, to: 1_000)
    }
    #expect(budget.capture.use.refused == 2 && budget.receive.use.refused == 0)
    #expect(other.capture == 32 << 20)
    let late = try budget.grant(capture: 16 << 20, receive: 1 << 20, to: 1_002)
    #expect(late.capture == 16 << 20 && late.receive >= 512 << 10 && other.capture == 32 << 20)
    #expect(greedy.allSatisfy { $0.capture == 512 << 10 })
    #expect(greedy.last?.isBoundByUser == true)
  }

  @Test("what one user may have of receive rings is refused beyond it, and given to others")
  func receiveOfUser() throws {
    let budget = RingBudget(receiveByteCount: 8 << 20)
    let greedy = grants(1_000, of: budget, to: 1_000)
    #expect(budget.receive.used(by: 1_000) == 5 << 20)
    let refused = Budget.Refusal(name: "receive-rings", limit: 5 << 20, isOfUser: true)
    #expect(throws: refused) {
      try budget.grant(capture: 2 << 20, receive: 1 << 20, to: 1_000)
    }
    #expect(grants(4, of: budget, to: 1_001).count == 4)
    #expect(!greedy.isEmpty)
  }

  @Test("when every ring has the least a binding is refused, which is counted")
  func refused() throws {
    let budget = RingBudget()
    var kept = grants(1_000, of: budget, to: 0)
    // The capture rings would do for 512; of the receive rings the first have more than the least.
    #expect(kept.count == 510)
    #expect(budget.receive.use.refused == 1 && budget.capture.use.refused == 0)
    #expect(throws: Budget.Refusal(name: "receive-rings", limit: 256 << 20, isOfUser: false)) {
      try budget.grant(capture: 16 << 20, receive: 1 << 20, to: 1_000)
    }
    kept.removeLast()
    _ = try budget.grant(capture: 16 << 20, receive: 1 << 20, to: 1_000)
  }

  @Test("a configured receive ring is given whole while half is free; what never fits is refused")
  func receive() throws {
    let budget = RingBudget()
    let large = try budget.grant(capture: 2 << 20, receive: 64 << 20, to: 1_000)
    #expect(large.receive == 64 << 20)
    #expect(try budget.grant(capture: 2 << 20, receive: 200 << 20, to: 0).receive == 1 << 20)
    let small = RingBudget(receiveByteCount: 128 << 10)
    #expect(throws: Budget.Refusal.self) {
      try small.grant(capture: 2 << 20, receive: 1 << 20, to: 0)
    }
  }
}
