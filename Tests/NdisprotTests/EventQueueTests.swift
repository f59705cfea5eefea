import NDIS
import Testing

@testable import Ndisprot

@Suite("EventQueue")
struct EventQueueTests {
  @Test("D-35: the newest 64 are kept, and the first of them says how many were lost")
  func capacity() {
    var queue = EventQueue<Int>()
    for number in 1...100 { queue.add(number) }
    var taken: [EventQueue<Int>.Entry] = []
    while let entry = queue.takeFirst() { taken.append(entry) }
    #expect(taken.map(\.event) == Array(37...100))
    #expect(taken.map(\.sequence) == Array(37...100))
    #expect(taken.map(\.lost) == [36] + [UInt64](repeating: 0, count: 63))
    #expect(queue.isEmpty && queue.first == nil)
  }

  @Test("a gap of the sequence is as wide as `lost` says, however adding and taking take turns")
  func gaps() {
    var queue = EventQueue<Int>()
    var last: UInt64 = 0
    var taken = 0
    for round in 1...50 {
      for number in 0..<(round * 7 % 90) { queue.add(number) }
      for _ in 0..<(round * 5 % 40) {
        guard let entry = queue.takeFirst() else { break }
        #expect(entry.sequence == last + 1 + entry.lost)
        last = entry.sequence
        taken += 1
      }
    }
    #expect(taken > 500)
  }

  @Test("an event replaces the newest only, counts the changes, and keeps its number")
  func coalescing() {
    var queue = EventQueue<Int>()
    let isSameTen = { (new: Int) in { (old: Int) in new / 10 == old / 10 } }
    for number in [11, 12, 13, 21, 14] { queue.add(number, replaces: isSameTen(number)) }
    var taken: [[Int]] = []
    while let entry = queue.takeFirst() {
      taken.append([Int(entry.sequence), entry.event, Int(entry.changeCount)])
    }
    #expect(taken == [[1, 13, 3], [2, 21, 1], [3, 14, 1]])
  }

  @Test(
    "only events whose last value is all there is to tell replace one another",
    arguments: EventKind.allCases)
  func levels(_ kind: EventKind) throws {
    let fixture = try DataPathFixture()
    let look = fixture.binding.snapshot
    let isLevel = [.address, .mtu, .name].contains(kind)
    #expect(BindingEvent(kind, look).replaces(BindingEvent(kind, look)) == isLevel)
    #expect(!BindingEvent(kind, look).replaces(BindingEvent(kind, nil)))
    for other in EventKind.allCases where other != kind {
      #expect(!BindingEvent(kind, look).replaces(BindingEvent(other, look)))
    }
  }
}
