import TestSupport
import Testing

@testable import Platform

@Suite("TimerHeap")
struct TimerHeapTests {
  @Test("random arming, moving and disarming gives what a sorted list gives", arguments: 1...20)
  func againstModel(seed: UInt64) {
    var random = SplitMix64(state: seed)
    var heap = TimerHeap()
    var model: [(deadline: UInt64, order: Int, timer: Int)] = []
    var fired: [Int] = []
    let timers = (0..<30).map { number in LoopTimer { fired.append(number) } }
    for step in 0..<500 {
      let number = Int.random(in: 0..<30, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0:
        heap.disarm(timers[number])
        model.removeAll { $0.timer == number }
      case 1:
        let now = UInt64.random(in: 0..<100, using: &random)
        fired = []
        while let timer = heap.popDue(now: now, mark: heap.mark) { timer.fire() }
        let due = model.filter { $0.deadline <= now }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
        #expect(fired == due.map(\.timer))
        model.removeAll { $0.deadline <= now }
      default:
        let deadline = UInt64.random(in: 0..<100, using: &random)
        heap.arm(timers[number], deadline: deadline)
        model.removeAll { $0.timer == number }
        model.append((deadline, step, number))
      }
      #expect(heap.nextDeadline == model.map(\.deadline).min())
      #expect(timers.indices.filter { timers[$0].isArmed } == model.map(\.timer).sorted())
    }
  }

  @Test("a timer armed after the mark is not due")
  func mark() {
    var heap = TimerHeap()
    let timer = LoopTimer {}
    let mark = heap.mark
    heap.arm(timer, deadline: 0)
    #expect(heap.popDue(now: 1, mark: mark) == nil)
    #expect(heap.popDue(now: 1, mark: heap.mark) === timer)
  }
}
