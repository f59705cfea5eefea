internal import FuzzSupport
internal import MDL

/// F3: a stream of queue operations leaves two queues as it leaves two arrays.
///
/// - Shape: `([operation][argument])…`
func check(_ input: Input) {
  var input = input
  let pool = NetBufferListPool(capacity: 32, bufferByteCount: 16)
  var queues = Queues()
  var model = Model()
  for _ in 0..<200 where !input.isEmpty {
    let (operation, argument) = (input.byte() % 9, input.byte())
    queues.apply(operation, argument, pool)
    model.apply(operation, argument)
    require(queues.left.keys == model.left, "the first queue differs")
    require(queues.right.keys == model.right, "the second queue differs")
    require(queues.flushed == model.flushed, "what was handed on differs")
    require(pool.outstanding == model.left.count + model.right.count, "a list was lost")
  }
}

/// Lists that carry their key as VLAN.
struct Queues: ~Copyable {
  var left = NetBufferListQueue()
  var right = NetBufferListQueue()
  var flushed: [[UInt8]] = []

  mutating func apply(_ operation: UInt8, _ argument: UInt8, _ pool: borrowing NetBufferListPool) {
    flushed = []
    switch operation {
    case 0, 1:
      guard let list = pool.take() else { return }
      list.vlan = UInt16(argument % 8)
      left.append(list)
    case 2: _ = left.popFirst()
    case 3: left.append(contentsOf: &right)
    case 4:
      var all = left.take()
      right.append(contentsOf: &all)
    case 5:
      var no = NetBufferListQueue()
      left.partition(into: &no, &right) { $0.vlan < UInt16(argument % 8) }
      left.append(contentsOf: &no)
    case 6: classify(argument)
    case 7:
      var run = NetBufferListQueue()
      if left.popFirstRun(by: { $0.vlan }, into: &run) != nil { flushed.append(run.keys) }
      right.append(contentsOf: &run)
    default: batch()
    }
  }

  /// Classes 0 and 1 of the key minus the argument; all other keys overflow and come back first.
  private mutating func classify(_ argument: UInt8) {
    var buckets = InlineArray<2, NetBufferListQueue> { _ in NetBufferListQueue() }
    var overflow = NetBufferListQueue()
    left.classify(into: &buckets, overflow: &overflow) { Int($0.vlan) - Int(argument % 8) }
    left.append(contentsOf: &overflow)
    left.append(contentsOf: &buckets[0])
    right.append(contentsOf: &buckets[1])
  }

  private mutating func batch() {
    var all = NetBufferListQueue()
    var flushed: [[UInt8]] = []
    left.forEachBatch(by: { $0.vlan }) { (_, batch: consuming NetBufferListQueue) in
      flushed.append(batch.keys)
      all.append(contentsOf: &batch)
    }
    left.append(contentsOf: &all)
    self.flushed = flushed
  }
}

extension NetBufferListQueue {
  /// The keys in order, of which there are as many as the queue counts.
  var keys: [UInt8] {
    var keys: [UInt8] = []
    forEach { keys.append(UInt8($0.vlan)) }
    require(keys.count == count, "the count is wrong")
    require(isEmpty == keys.isEmpty, "emptiness is wrong")
    return keys
  }
}

/// The same in arrays.
struct Model {
  var left: [UInt8] = []
  var right: [UInt8] = []
  var flushed: [[UInt8]] = []

  mutating func apply(_ operation: UInt8, _ argument: UInt8) {
    let limit = argument % 8
    flushed = []
    switch operation {
    case 0, 1: if left.count + right.count < 32 { left.append(limit) }
    case 2: if !left.isEmpty { left.removeFirst() }
    case 3: (left, right) = (left + right, [])
    case 4: (left, right) = ([], right + left)
    case 5: (left, right) = (left.filter { $0 >= limit }, right + left.filter { $0 < limit })
    case 6:
      right += left.filter { $0 == limit + 1 }
      left = left.filter { $0 != limit && $0 != limit + 1 } + left.filter { $0 == limit }
    case 7:
      let run = Array(left.prefix { $0 == left[0] })
      if !run.isEmpty { flushed.append(run) }
      (left, right) = (Array(left.dropFirst(run.count)), right + run)
    default:
      flushed = batches()
      left = flushed.flatMap(\.self)
    }
  }

  /// N26: four open batches; a new key evicts the neighbour of the one used last.
  private func batches() -> [[UInt8]] {
    var flushed: [[UInt8]] = []
    var open: [[UInt8]] = []
    var last = 0
    for (index, key) in left.enumerated() {
      if index == 0 || left[index - 1] != key {
        if let known = open.firstIndex(where: { $0.first == key }) {
          last = known
        } else if open.count < 4 {
          last = open.count
          open.append([])
        } else {
          last = (last + 1) % 4
          flushed.append(open[last])
          open[last] = []
        }
      }
      open[last].append(key)
    }
    return flushed + open
  }
}
