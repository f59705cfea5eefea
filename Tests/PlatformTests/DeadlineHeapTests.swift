import TestSupport
import Testing

@testable import Platform

@Suite("DeadlineHeap")
struct DeadlineHeapTests {
  private final class Item: DeadlineHeapItem {
    var heapIndex = -1
    let number: Int
    init(_ number: Int) { self.number = number }
  }

  @Test("random inserting, moving and removing gives what a sorted list gives", arguments: 1...20)
  func againstModel(seed: UInt64) {
    var random = SplitMix64(state: seed)
    var heap = DeadlineHeap<Item>()
    var model: [(deadline: UInt64, order: Int, item: Int)] = []
    let items = (0..<30).map { Item($0) }
    for step in 0..<500 {
      let number = Int.random(in: 0..<30, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0:
        let deadline = model.first { $0.item == number }?.deadline
        #expect(heap.remove(items[number]) == deadline)
        model.removeAll { $0.item == number }
      case 1:
        let now = UInt64.random(in: 0..<100, using: &random)
        var popped: [Int] = []
        while let item = heap.popDue(now, before: heap.mark) { popped.append(item.number) }
        let due = model.filter { $0.deadline <= now }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
        #expect(popped == due.map(\.item))
        model.removeAll { $0.deadline <= now }
      default:
        let deadline = UInt64.random(in: 0..<100, using: &random)
        heap.insert(items[number], deadline: deadline)
        model.removeAll { $0.item == number }
        model.append((deadline, step, number))
      }
      #expect(heap.nextDeadline == model.map(\.deadline).min())
      #expect(heap.count == model.count)
      #expect(items.indices.filter { heap.contains(items[$0]) } == model.map(\.item).sorted())
    }
    heap.removeAll()
    #expect(items.allSatisfy { $0.heapIndex == -1 })
  }

  @Test("an item that came after the mark is not due")
  func mark() {
    var heap = DeadlineHeap<Item>()
    let item = Item(1)
    let mark = heap.mark
    heap.insert(item, deadline: 0)
    #expect(heap.popDue(1, before: mark) == nil)
    #expect(heap.popDue(1) === item)
  }

  @Test("an item of another heap is not taken out of this one")
  func foreign() {
    var (mine, other) = (DeadlineHeap<Item>(), DeadlineHeap<Item>())
    let (here, there) = (Item(1), Item(2))
    mine.insert(here, deadline: 5)
    other.insert(there, deadline: 7)
    #expect(mine.remove(there) == nil && !mine.contains(there))
    #expect(mine.count == 1 && other.remove(there) == 7)
  }
}
