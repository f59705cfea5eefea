extension NetBufferListQueue {
  /// Moves the leading lists of one key to the end of `out`, and returns the key; nil when empty.
  ///
  /// The key closure runs once for each list of the run, and once for the list behind it.
  ///
  /// - Complexity: O(length of the run), no allocation
  /// - Windows: NdisPartialClassifyNblChainByValue (whose counted form always counts one)
  @inlinable
  public mutating func popFirstRun<Key: Equatable>(
    by key: (borrowing NetBufferList) -> Key, into out: inout NetBufferListQueue
  ) -> Key? {
    guard let first = unsafe head else { return nil }
    let runKey = unsafe Self.withList(first, key)
    var last = unsafe first
    var runCount = 1
    while let node = unsafe last.pointee.next, unsafe Self.withList(node, key) == runKey {
      runCount &+= 1
      unsafe last = node
    }
    unsafe detachRun(to: last, runCount)
    unsafe out.appendRun(from: first, to: last, runCount)
    return runKey
  }

  /// Hands on every run of neighbours with one key, in order; this queue is empty then.
  ///
  /// - Windows: NdisClassifyNblChainByValue
  @inlinable
  public mutating func forEachRun<Key: Equatable>(
    by key: (borrowing NetBufferList) -> Key, _ body: (Key, consuming NetBufferListQueue) -> Void
  ) {
    var run = NetBufferListQueue()
    while let runKey = popFirstRun(by: key, into: &run) { body(runKey, run.take()) }
  }

  /// As `forEachRun(by:_:)` with fewer, larger batches: four keys are collected at a time.
  ///
  /// A run of a key that is being collected joins its batch. A new key takes a free place, or that
  /// of the neighbour behind the place used last, whose batch is handed on. At the end the batches
  /// are handed on in order of their places. Order is kept within a key, not across keys.
  ///
  /// - Complexity: O(count), no allocation
  /// - Windows: NdisClassifyNblChainByValueLookahead
  @inlinable
  public mutating func forEachBatch<Key: Equatable>(
    by key: (borrowing NetBufferList) -> Key, _ body: (Key, consuming NetBufferListQueue) -> Void
  ) {
    var keys = InlineArray<4, Key?>(repeating: nil)
    var batches = InlineArray<4, NetBufferListQueue> { _ in NetBufferListQueue() }
    var run = NetBufferListQueue()
    var place = 0
    while let runKey = popFirstRun(by: key, into: &run) {
      // A loop, not `first(where:)`: its closure would allocate in debug builds.
      var found: Int?
      for index in keys.indices where keys[index] == nil || keys[index] == runKey {
        found = index
        break
      }
      if let found {
        place = found
      } else {
        place = (place &+ 1) % keys.count
        if let evicted = keys[place] { body(evicted, batches[place].take()) }
      }
      keys[place] = runKey
      batches[place].append(contentsOf: &run)
    }
    for place in keys.indices {
      if let key = keys[place] { body(key, batches[place].take()) }
    }
  }
}
