import Ndisprot
import Platform
import Testing
import WDF

@testable import NdisprotServer

@Suite("RingBudget")
struct RingBudgetTests {
  private static let mebibyte = 1 << 20

  @Test("300 bindings of the default sizes fit into 256 MiB of each kind of ring")
  func many() {
    let budget = RingBudget()
    var grants: [RingBudget.Grant] = []
    for number in 0..<300 {
      let grant = budget.take(capture: 16 << 20, receive: 1 << 20)
      #expect(grant != nil, "binding \(number)")
      if let grant { grants.append(grant) }
      #expect(budget.captureUse.given <= RingBudget.total)
      #expect(budget.receiveUse.given <= RingBudget.total)
    }
    #expect(grants.allSatisfy { $0.capture >= 512 << 10 && $0.receive >= 256 << 10 })
    #expect(grants.map(\.capture).reduce(0, +) == budget.captureUse.given)
    for grant in grants { budget.give(grant) }
    #expect(budget.captureUse.given == 0 && budget.receiveUse.given == 0)
  }

  @Test("the largest capture ring is halved for a binding that finds nothing left, and told so")
  func halves() {
    let budget = RingBudget()
    let told = LockedValue<[Int]>([])
    let first = budget.take(capture: 32 << 20, receive: 1 << 20) { bytes in
      told.withLock { $0.append(bytes) }
    }
    var others: [RingBudget.Grant] = []
    for _ in 0..<14 {
      if let grant = budget.take(capture: 16 << 20, receive: 1 << 20) { others.append(grant) }
    }
    #expect(first?.capture == 32 << 20 && others.count == 14)
    let last = budget.take(capture: 16 << 20, receive: 1 << 20)
    #expect(last?.capture == 16 << 20 && first?.capture == 16 << 20)
    #expect(told.withLock { $0 } == [16 << 20])
    #expect(others.allSatisfy { $0.capture == 16 << 20 })
  }

  @Test("when every ring has the least a binding is refused, which is counted")
  func refused() {
    let budget = RingBudget()
    var grants: [RingBudget.Grant] = []
    while let grant = budget.take(capture: 16 << 20, receive: 1 << 20) { grants.append(grant) }
    // The capture rings would do for 512; of the receive rings the first have more than the least.
    #expect(grants.count == 510)
    #expect(budget.uses.allSatisfy { $0.refused == 1 })
    budget.give(grants.removeLast())
    #expect(budget.take(capture: 16 << 20, receive: 1 << 20) != nil)
  }

  @Test("a configured receive ring is given whole while half is free; what never fits is refused")
  func receive() {
    let budget = RingBudget()
    let large = budget.take(capture: 2 << 20, receive: 64 << 20)
    #expect(large?.receive == 64 << 20)
    #expect(budget.take(capture: 2 << 20, receive: 200 << 20)?.receive == 1 << 20)
    let small = RingBudget(receiveByteCount: 128 << 10)
    #expect(small.take(capture: 2 << 20, receive: 1 << 20) == nil)
  }
}
