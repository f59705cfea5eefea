extension NetBufferListQueue {
  /// Moves each list to the end of `no` or `yes`; order is kept, and this queue is empty then.
  ///
  /// The predicate runs once for each list. Neighbours of one side move as a run.
  ///
  /// - Complexity: O(count), no allocation
  /// - Windows: NdisClassifyNblChain2, NdisClassifyNblChainByCancelId, …BySourceHandle
  @inlinable
  public mutating func partition(
    into no: inout NetBufferListQueue, _ yes: inout NetBufferListQueue,
    by predicate: (borrowing NetBufferList) -> Bool
  ) {
    unsafe moveRuns(by: predicate) { (isYes, first, last, count) in
      if isYes {
        unsafe yes.appendRun(from: first, to: last, count)
      } else {
        unsafe no.appendRun(from: first, to: last, count)
      }
    }
  }

  /// Moves each list to the end of the queue that `index` names; this queue is empty then.
  ///
  /// The closure runs once for each list; order is kept within a queue. A list whose index names no
  /// queue goes to `overflow`.
  ///
  /// - Complexity: O(count), no allocation
  /// - Windows: NdisClassifyNblChainByIndex, which only asserts the index
  @inlinable
  public mutating func classify<let bucketCount: Int>(
    into buckets: inout InlineArray<bucketCount, NetBufferListQueue>,
    overflow: inout NetBufferListQueue,
    by index: (borrowing NetBufferList) -> Int
  ) {
    unsafe moveRuns(by: index) { (index, first, last, count) in
      if buckets.indices.contains(index) {
        unsafe buckets[index].appendRun(from: first, to: last, count)
      } else {
        unsafe overflow.appendRun(from: first, to: last, count)
      }
    }
  }

  /// Cuts the queue into maximal runs of one class, hands each on, and is empty then.
  ///
  /// `move` gets every run exactly once and links it elsewhere.
  @inlinable
  @unsafe
  @inline(__always)
  mutating func moveRuns<Class: Equatable>(
    by classify: (borrowing NetBufferList) -> Class,
    to move: (
      Class, UnsafeMutablePointer<NetBufferListNode>, UnsafeMutablePointer<NetBufferListNode>, Int
    ) -> Void
  ) {
    guard var first = unsafe head else { return }
    var last = unsafe first
    var count = 1
    var current = unsafe Self.withList(first, classify)
    while let node = unsafe last.pointee.next {
      let next = unsafe Self.withList(node, classify)
      if next != current {
        unsafe move(current, first, last, count)
        unsafe first = node
        count = 0
        current = next
      }
      count &+= 1
      unsafe last = node
    }
    unsafe move(current, first, last, count)
    forget()
  }
}
