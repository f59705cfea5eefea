/// Net buffer lists in order, linked through themselves, counted.
///
///     head ─► list ─► list ─► list ◄─ tail      count 3
///
/// A list is in one queue at most, by ownership; dropping a queue returns all its lists to their
/// pools. It always counts, so NDIS's plain and counted queues are one type here.
///
/// - Thread: its lists' pool's
/// - Windows: NBL_QUEUE, NBL_COUNTED_QUEUE
@safe
public struct NetBufferListQueue: ~Copyable {
  @usableFromInline var head: UnsafeMutablePointer<NetBufferListNode>?
  @usableFromInline var tail: UnsafeMutablePointer<NetBufferListNode>?
  @usableFromInline var listCount: Int

  /// Makes an empty queue.
  @inlinable
  public init() {
    unsafe head = nil
    unsafe tail = nil
    listCount = 0
  }

  @inlinable
  deinit {
    var next = unsafe head
    while let node = unsafe next {
      unsafe next = node.pointee.next
      unsafe NetBufferListNode.giveBack(node)
    }
  }

  /// How many lists are in the queue.
  @inlinable
  public var count: Int { listCount }

  /// Whether there is no list in the queue.
  @inlinable
  public var isEmpty: Bool { unsafe head == nil }

  /// The sum of all frames' bytes.
  ///
  /// - Complexity: O(count)
  /// - Windows: NdisNumDataBytesInNblChain
  @inlinable
  public var byteCount: UInt64 {
    var sum: UInt64 = 0
    forEach { sum &+= UInt64($0.byteCount) }
    return sum
  }

  /// Adds a list at the end.
  ///
  /// - Complexity: O(1), no allocation
  @inlinable
  public mutating func append(_ list: consuming NetBufferList) {
    let node = unsafe list.release()
    unsafe appendRun(from: node, to: node, 1)
  }

  /// Moves all lists of `other` to the end; `other` is empty then.
  ///
  /// - Complexity: O(1)
  @inlinable
  public mutating func append(contentsOf other: inout NetBufferListQueue) {
    guard let first = unsafe other.head, let last = unsafe other.tail else { return }
    unsafe appendRun(from: first, to: last, other.count)
    other.forget()
  }

  /// Takes the first list; nil when the queue is empty.
  ///
  /// - Complexity: O(1)
  @inlinable
  public mutating func popFirst() -> NetBufferList? {
    guard let node = unsafe head else { return nil }
    unsafe detachRun(to: node, 1)
    return unsafe NetBufferList(node)
  }

  /// Takes all lists, as a queue.
  ///
  /// - Complexity: O(1)
  /// - Windows: NdisPopAllFromNblQueue
  @inlinable
  public mutating func take() -> NetBufferListQueue {
    var all = NetBufferListQueue()
    all.append(contentsOf: &self)
    return all
  }

  /// Shows each list to `body`, in order.
  @inlinable
  public func forEach(_ body: (borrowing NetBufferList) -> Void) {
    var next = unsafe head
    while let node = unsafe next {
      unsafe Self.withList(node, body)
      unsafe next = node.pointee.next
    }
  }

  /// Gives all lists the same status.
  ///
  /// - Windows: NdisSetStatusInNblChain
  @inlinable
  public func setStatus(_ status: Int32) {
    forEach { $0.status = status }
  }
}

// MARK: - Runs of nodes

extension NetBufferListQueue {
  /// Shows a queued node as a list, and takes the handle back without returning it to the pool.
  @inlinable
  @unsafe
  @inline(__always)
  static func withList<Result>(
    _ node: UnsafeMutablePointer<NetBufferListNode>, _ body: (borrowing NetBufferList) -> Result
  ) -> Result {
    let list = unsafe NetBufferList(node)
    let result = body(list)
    _ = unsafe list.release()
    return result
  }

  /// Links `count` nodes, already linked with each other, behind the last one.
  ///
  /// - Precondition: no queue holds them.
  @inlinable
  @unsafe
  mutating func appendRun(
    from first: UnsafeMutablePointer<NetBufferListNode>,
    to last: UnsafeMutablePointer<NetBufferListNode>, _ count: Int
  ) {
    unsafe last.pointee.next = nil
    if let tail = unsafe tail {
      unsafe tail.pointee.next = first
    } else {
      unsafe head = first
    }
    unsafe tail = last
    listCount &+= count
  }

  /// Cuts off the first `count` nodes, of which `last` is the last.
  @inlinable
  @unsafe
  mutating func detachRun(to last: UnsafeMutablePointer<NetBufferListNode>, _ count: Int) {
    unsafe head = last.pointee.next
    if unsafe head == nil { unsafe tail = nil }
    unsafe last.pointee.next = nil
    listCount &-= count
  }

  /// Becomes empty without returning the lists: another queue holds them now.
  @inlinable
  mutating func forget() {
    unsafe head = nil
    unsafe tail = nil
    listCount = 0
  }
}
