/// Something that waits in a ``DeadlineHeap``.
protocol DeadlineHeapItem: AnyObject, Sendable {
  /// Its place in the heap; -1 outside of it. Belongs to the heap.
  var heapIndex: Int { get set }
}

/// Items by the time they are due; those of one moment in the order in which they came.
///
/// A binary heap whose items know their place, so that any of them leaves in O(log n).
struct DeadlineHeap<Item: DeadlineHeapItem>: Sendable {
  private struct Entry: Sendable {
    let deadline: UInt64
    let order: UInt64
    let item: Item

    func isBefore(_ other: Entry) -> Bool {
      deadline == other.deadline ? order < other.order : deadline < other.deadline
    }
  }

  private var entries: [Entry] = []
  private var nextOrder: UInt64 = 0

  /// When the next item is due; nil if there is none.
  var first: UInt64? { entries.first?.deadline }

  var count: Int { entries.count }

  mutating func insert(_ item: Item, deadline: UInt64) {
    remove(item)
    entries.append(Entry(deadline: deadline, order: nextOrder, item: item))
    nextOrder &+= 1
    siftUp(entries.count - 1)
  }

  /// Takes an item out, and says when it was due; nil if it is not in.
  @discardableResult
  mutating func remove(_ item: Item) -> UInt64? {
    let index = item.heapIndex
    guard entries.indices.contains(index), entries[index].item === item else { return nil }
    let deadline = entries[index].deadline
    remove(at: index)
    return deadline
  }

  /// Takes the next item that is due at `now`.
  mutating func popDue(_ now: UInt64) -> Item? {
    guard let first = entries.first, first.deadline <= now else { return nil }
    remove(at: 0)
    return first.item
  }

  mutating func removeAll() {
    for entry in entries { entry.item.heapIndex = -1 }
    entries = []
  }

  private mutating func remove(at index: Int) {
    entries[index].item.heapIndex = -1
    let last = entries.removeLast()
    guard index < entries.count else { return }
    place(last, at: index)
    siftUp(index)
    siftDown(index)
  }

  private mutating func place(_ entry: Entry, at index: Int) {
    entries[index] = entry
    entry.item.heapIndex = index
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
