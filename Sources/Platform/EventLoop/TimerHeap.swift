/// The armed timers, the next one first; those of one moment in the order they were armed.
///
/// A binary heap in an array that keeps its capacity. Each timer knows its place, so that it is
/// moved and removed without a search.
struct TimerHeap {
  private struct Entry {
    var deadline: UInt64
    var order: UInt64
    let timer: LoopTimer

    func isBefore(_ other: Entry) -> Bool {
      deadline == other.deadline ? order < other.order : deadline < other.deadline
    }
  }

  private var entries: [Entry] = []
  private var nextOrder: UInt64 = 0

  /// When the next timer is due; nil if none is armed.
  var nextDeadline: UInt64? { entries.first?.deadline }

  /// Marks the moment: `popDue` passes over timers armed later.
  var mark: UInt64 { nextOrder }

  mutating func arm(_ timer: LoopTimer, deadline: UInt64) {
    disarm(timer)
    entries.append(Entry(deadline: deadline, order: nextOrder, timer: timer))
    nextOrder &+= 1
    timer.heapIndex = entries.count - 1
    siftUp(entries.count - 1)
  }

  mutating func disarm(_ timer: LoopTimer) {
    guard let index = timer.heapIndex else { return }
    precondition(
      index < entries.count && entries[index].timer === timer, "a timer belongs to another loop")
    remove(at: index)
  }

  /// Takes the next timer that was due at `now` and armed before `mark`.
  mutating func popDue(now: UInt64, mark: UInt64) -> LoopTimer? {
    guard let first = entries.first, first.deadline <= now, first.order < mark else { return nil }
    remove(at: 0)
    return first.timer
  }

  mutating func removeAll() {
    for entry in entries { entry.timer.heapIndex = nil }
    entries = []
  }

  private mutating func remove(at index: Int) {
    entries[index].timer.heapIndex = nil
    let last = entries.removeLast()
    guard index < entries.count else { return }
    place(last, at: index)
    siftUp(index)
    siftDown(index)
  }

  private mutating func place(_ entry: Entry, at index: Int) {
    entries[index] = entry
    entry.timer.heapIndex = index
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    let entry = entries[index]
    while index > 0 {
      let parent = (index - 1) / 2
      guard entry.isBefore(entries[parent]) else { break }
      place(entries[parent], at: index)
      index = parent
    }
    place(entry, at: index)
  }

  private mutating func siftDown(_ start: Int) {
    var index = start
    let entry = entries[index]
    while true {
      var child = index * 2 + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1].isBefore(entries[child]) { child += 1 }
      guard entries[child].isBefore(entry) else { break }
      place(entries[child], at: index)
      index = child
    }
    place(entry, at: index)
  }
}
