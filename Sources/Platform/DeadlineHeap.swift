/// An item that waits in a ``DeadlineHeap``.
public protocol DeadlineHeapItem: AnyObject {
  /// Its index in the heap; -1 outside. Maintained by the heap.
  var heapIndex: Int { get set }
}

/// Items ordered by deadline; items with the same deadline keep their order of insertion.
///
/// A binary heap in an array that keeps its capacity. Each item knows its index, so that it can be
/// moved and removed without a search.
///
/// - Units: deadlines on any one clock
/// - Thread: its owner's
/// - Complexity: O(log n) to insert, move, remove and pop
public struct DeadlineHeap<Item: DeadlineHeapItem> {
  fileprivate struct Entry {
    let deadline: UInt64
    let order: UInt64
    let item: Item

    func isBefore(_ other: Entry) -> Bool {
      deadline == other.deadline ? order < other.order : deadline < other.deadline
    }
  }

  private var entries: [Entry] = []
  private var nextOrder: UInt64 = 0

  /// Creates an empty heap.
  public init() {}

  /// The deadline of the next item; nil if the heap is empty.
  public var nextDeadline: UInt64? { entries.first?.deadline }

  /// The number of items.
  public var count: Int { entries.count }

  /// A mark: `popDue` skips items that are inserted after it.
  public var mark: UInt64 { nextOrder }

  /// Whether an item is in this heap.
  public func contains(_ item: Item) -> Bool {
    entries.indices.contains(item.heapIndex) && entries[item.heapIndex].item === item
  }

  /// Adds an item; one already in the heap is moved, behind those with the same deadline.
  ///
  /// - Precondition: it is in no other heap
  public mutating func insert(_ item: Item, deadline: UInt64) {
    remove(item)
    entries.append(Entry(deadline: deadline, order: nextOrder, item: item))
    nextOrder &+= 1
    siftUp(entries.count - 1)
  }

  /// Removes an item, and returns its deadline; nil if it is not in the heap.
  @discardableResult
  public mutating func remove(_ item: Item) -> UInt64? {
    guard contains(item) else { return nil }
    let deadline = entries[item.heapIndex].deadline
    remove(at: item.heapIndex)
    return deadline
  }

  /// Removes the next item that is due at `now` and was inserted before `mark`.
  public mutating func popDue(_ now: UInt64, before mark: UInt64 = .max) -> Item? {
    guard let first = entries.first, first.deadline <= now, first.order < mark else { return nil }
    remove(at: 0)
    return first.item
  }

  /// Removes all items.
  public mutating func removeAll() {
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

extension DeadlineHeap: Sendable where Item: Sendable {}
extension DeadlineHeap.Entry: Sendable where Item: Sendable {}
