import Testing

@testable import NdisprotServer

@Suite("RingBudget")
struct RingBudgetTests {
  @Test("later capture rings shrink to no less than 2 MiB, then a binding is refused")
  func shrinks() {
    let budget = RingBudget()
    for _ in 0..<15 { #expect(budget.take(capture: 16 << 20, receive: 1 << 20) != nil) }
    #expect(budget.take(capture: 13 << 20, receive: 1 << 20)?.capture == 13 << 20)
    let last = budget.take(capture: 16 << 20, receive: 1 << 20)
    #expect(last?.capture == 3 << 20)
    #expect(budget.take(capture: 16 << 20, receive: 1 << 20) == nil)
    if let last { budget.give(last) }
    #expect(budget.take(capture: 16 << 20, receive: 1 << 20)?.capture == 3 << 20)
  }

  @Test("a receive ring that does not fit is refused before it is allocated")
  func receive() {
    let budget = RingBudget()
    #expect(budget.take(capture: 2 << 20, receive: 256 << 20) != nil)
    #expect(budget.take(capture: 2 << 20, receive: 1) == nil)
  }
}
