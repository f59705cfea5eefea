import Testing

@testable import MDL

/// A queue whose lists carry a number (as cancel id) and a key (as VLAN).
private struct QueueFixture: ~Copyable {
  let pool = NetBufferListPool(capacity: 64, bufferByteCount: 0)

  func queue(keys: [UInt16], from first: Int = 0) throws -> NetBufferListQueue {
    var queue = NetBufferListQueue()
    for (index, key) in keys.enumerated() {
      var list = try pool.requireList()
      try list.describe(0..<10)
      list.cancelID = UInt64(first + index)
      list.vlan = key
      queue.append(list)
    }
    return queue
  }
}

extension NetBufferListQueue {
  /// The numbers in order, after a check that head, tail, links and count agree.
  fileprivate func checkedNumbers(_ comment: Comment? = nil) -> [Int] {
    var numbers: [Int] = []
    forEach { numbers.append(Int($0.cancelID)) }
    var last = head
    while let node = last, let next = node.pointee.next { last = next }
    #expect(numbers.count == count, comment)
    #expect(last == tail, comment)
    #expect(isEmpty == numbers.isEmpty, comment)
    return numbers
  }
}

@Suite("NetBufferListQueue")
struct NetBufferListQueueTests {
  @Test("mdl T40: random operations keep the queues as two arrays would be")
  func randomOperations() throws {
    let fixture = QueueFixture()
    for number in propertyCases {
      var generator = CaseGenerator(number)
      var left = NetBufferListQueue()
      var right = NetBufferListQueue()
      var model: ([Int], [Int]) = ([], [])
      for step in 0..<generator.int(0...20) {
        switch generator.int(0...4) {
        case 0...1:
          var list = try fixture.pool.requireList()
          list.cancelID = UInt64(step)
          try list.describe(0..<step)
          left.append(list)
          model.0.append(step)
        case 2:
          var popped: Int?
          if let list = left.popFirst() { popped = Int(list.cancelID) }
          #expect(popped == (model.0.isEmpty ? nil : model.0.removeFirst()), "case \(number)")
        case 3:
          right.append(contentsOf: &left)
          model = ([], model.1 + model.0)
        default:
          var all = right.take()
          #expect(right.checkedNumbers() == [], "case \(number)")
          left.append(contentsOf: &all)
          model = (model.0 + model.1, [])
        }
        #expect(left.checkedNumbers("case \(number)") == model.0, "case \(number)")
        #expect(right.checkedNumbers("case \(number)") == model.1, "case \(number)")
        #expect(left.byteCount == UInt64(model.0.reduce(0, +)), "case \(number)")
      }
      #expect(fixture.pool.outstanding == model.0.count + model.1.count, "case \(number)")
    }
    #expect(fixture.pool.outstanding == 0)
  }

  @Test(
    "mdl T41: a queue is spliced behind another, both empty or not",
    arguments: [(0, 0), (0, 3), (3, 0), (2, 3)])
  func splice(left: Int, right: Int) throws {
    let fixture = QueueFixture()
    var front = try fixture.queue(keys: [UInt16](repeating: 0, count: left))
    var back = try fixture.queue(keys: [UInt16](repeating: 0, count: right), from: left)
    front.append(contentsOf: &back)
    #expect(front.checkedNumbers() == Array(0..<left + right))
    #expect(back.checkedNumbers() == [])
    let all = front.take()
    #expect(all.checkedNumbers() == Array(0..<left + right))
    #expect(front.checkedNumbers() == [])
  }

  @Test("mdl T41: assigning over a queue returns what it held, and loses nothing")
  func assigning() throws {
    let fixture = QueueFixture()
    var queue = try fixture.queue(keys: [1, 2, 3])
    #expect(fixture.pool.outstanding == 3)
    queue = NetBufferListQueue()
    #expect(queue.checkedNumbers() == [])
    #expect(fixture.pool.outstanding == 0)
  }

  @Test("a status is set on every list of a queue, and none of an empty one")
  func setStatus() throws {
    let fixture = QueueFixture()
    let queue = try fixture.queue(keys: [1, 2, 3])
    queue.setStatus(7)
    NetBufferListQueue().setStatus(7)
    var statuses: [Int32] = []
    queue.forEach { statuses.append($0.status) }
    #expect(statuses == [7, 7, 7])
  }

  @Test(
    "mdl T42: a partition keeps order on both sides, behind what was there",
    arguments: [[], [0, 0, 0], [1, 1], [0, 1, 0, 1, 0], [1, 1, 0, 0, 1]] as [[UInt16]])
  func partition(keys: [UInt16]) throws {
    let fixture = QueueFixture()
    var queue = try fixture.queue(keys: keys)
    var no = try fixture.queue(keys: [9], from: 100)
    var yes = try fixture.queue(keys: [9], from: 200)
    var calls = 0
    queue.partition(into: &no, &yes) {
      calls += 1
      return $0.vlan == 1
    }
    #expect(queue.checkedNumbers() == [])
    #expect(no.checkedNumbers() == [100] + keys.indices.filter { keys[$0] == 0 })
    #expect(yes.checkedNumbers() == [200] + keys.indices.filter { keys[$0] == 1 })
    #expect(calls == keys.count)
  }

  @Test("mdl T43: an index that names no queue goes to the overflow queue")
  func classify() throws {
    let fixture = QueueFixture()
    var queue = try fixture.queue(keys: [0, 1, 1, 2, 3, 0, 9, 2])
    var buckets = InlineArray<3, NetBufferListQueue> { _ in NetBufferListQueue() }
    var overflow = NetBufferListQueue()
    queue.classify(into: &buckets, overflow: &overflow) { list in
      list.vlan == 3 ? .min : list.vlan == 9 ? .max : Int(list.vlan)
    }
    #expect(queue.checkedNumbers() == [])
    #expect(buckets[0].checkedNumbers() == [0, 5])
    #expect(buckets[1].checkedNumbers() == [1, 2])
    #expect(buckets[2].checkedNumbers() == [3, 7])
    #expect(overflow.checkedNumbers() == [4, 6])
  }

  @Test("mdl T43: an index just outside the queues overflows", arguments: [-1, 3])
  func classifyEdge(index: Int) throws {
    let fixture = QueueFixture()
    var queue = try fixture.queue(keys: [0, 0])
    var buckets = InlineArray<3, NetBufferListQueue> { _ in NetBufferListQueue() }
    var overflow = NetBufferListQueue()
    queue.classify(into: &buckets, overflow: &overflow) { _ in index }
    #expect(overflow.checkedNumbers() == [0, 1])
    for bucket in buckets.indices { #expect(buckets[bucket].checkedNumbers() == []) }
  }

  @Test("mdl T44: a classifier is asked once for each list")
  func classifyCalls() throws {
    let fixture = QueueFixture()
    var queue = try fixture.queue(keys: [0, 1, 1, 0])
    var buckets = InlineArray<2, NetBufferListQueue> { _ in NetBufferListQueue() }
    var overflow = NetBufferListQueue()
    var asked: [Int] = []
    queue.classify(into: &buckets, overflow: &overflow) {
      asked.append(Int($0.cancelID))
      return Int($0.vlan)
    }
    #expect(asked == [0, 1, 2, 3])
  }

  @Test("mdl T44: a key is asked once for each list, and once more at each boundary")
  func keyCalls() throws {
    let fixture = QueueFixture()
    var queue = try fixture.queue(keys: [1, 1, 2, 2, 3])
    var asked: [Int] = []
    queue.forEachRun(by: { list in
      asked.append(Int(list.cancelID)); return list.vlan
    }) { _, _ in }
    #expect(asked == [0, 1, 2, 2, 3, 4, 4])
  }

  /// The keys of N26 and what ndl was observed to flush for them.
  private static let keys: [UInt16] = [1, 1, 2, 2, 1, 3, 4, 5, 1, 2]

  @Test("mdl T45: runs are the maximal runs of neighbours, in order")
  func runs() throws {
    let fixture = QueueFixture()
    var queue = try fixture.queue(keys: Self.keys)
    var flushed: [Flush] = []
    queue.forEachRun(by: { $0.vlan }) { key, run in
      flushed.append(Flush(key, run.checkedNumbers()))
    }
    #expect(
      flushed == [
        Flush(1, [0, 1]), Flush(2, [2, 3]), Flush(1, [4]), Flush(3, [5]), Flush(4, [6]),
        Flush(5, [7]), Flush(1, [8]), Flush(2, [9]),
      ])
    #expect(queue.checkedNumbers() == [])
    #expect(fixture.pool.outstanding == 0)
  }

  @Test("mdl T45: batches are the seven that the reference was observed to flush")
  func batches() throws {
    let fixture = QueueFixture()
    var queue = try fixture.queue(keys: Self.keys)
    var flushed: [Flush] = []
    queue.forEachBatch(by: { $0.vlan }) { key, batch in
      flushed.append(Flush(key, batch.checkedNumbers()))
    }
    #expect(
      flushed == [
        Flush(1, [0, 1, 4]), Flush(2, [2, 3]), Flush(3, [5]), Flush(5, [7]), Flush(1, [8]),
        Flush(2, [9]), Flush(4, [6]),
      ])
    #expect(queue.checkedNumbers() == [])
  }

  @Test("mdl T46: batches agree with a model of the reference's lookahead, counts too")
  func batchesModel() throws {
    let fixture = QueueFixture()
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let keys = (0..<generator.int(0...40)).map { _ in UInt16(generator.int(0...7)) }
      var queue = try fixture.queue(keys: keys)
      var flushed: [Flush] = []
      queue.forEachBatch(by: { $0.vlan }) { key, batch in
        flushed.append(Flush(key, batch.checkedNumbers("case \(number)")))
      }
      #expect(flushed == Self.modelBatches(keys), "case \(number)")
      #expect(queue.checkedNumbers() == [] && fixture.pool.outstanding == 0, "case \(number)")
    }
  }

  /// N26 in arrays: four open buckets, the neighbour of the one used last is flushed for a new key.
  private static func modelBatches(_ keys: [UInt16]) -> [Flush] {
    var flushed: [Flush] = []
    var open: [Flush] = []
    var lastUsed = 0
    for (number, key) in keys.enumerated() {
      if number > 0, keys[number - 1] == key {
        open[lastUsed].numbers.append(number)
      } else if let known = open.firstIndex(where: { $0.key == key }) {
        open[known].numbers.append(number)
        lastUsed = known
      } else if open.count < 4 {
        lastUsed = open.count
        open.append(Flush(key, [number]))
      } else {
        lastUsed = (lastUsed + 1) % 4
        flushed.append(open[lastUsed])
        open[lastUsed] = Flush(key, [number])
      }
    }
    return flushed + open
  }

  @Test("mdl T47: taking run after run visits every list once, and a run of three counts three")
  func popFirstRun() throws {
    let fixture = QueueFixture()
    var queue = try fixture.queue(keys: [5, 5, 5, 6, 5])
    var out = NetBufferListQueue()
    #expect(queue.popFirstRun(by: { $0.vlan }, into: &out) == 5)
    #expect(out.count == 3)
    #expect(out.checkedNumbers() == [0, 1, 2])
    #expect(queue.checkedNumbers() == [3, 4])
    #expect(queue.popFirstRun(by: { $0.vlan }, into: &out) == 6)
    #expect(queue.popFirstRun(by: { $0.vlan }, into: &out) == 5)
    #expect(queue.popFirstRun(by: { $0.vlan }, into: &out) == nil)
    #expect(out.checkedNumbers() == [0, 1, 2, 3, 4])
  }

  @Test("mdl T45: an empty queue has no runs and no batches")
  func empty() {
    var queue = NetBufferListQueue()
    var calls = 0
    queue.forEachRun(by: { $0.vlan }) { _, _ in calls += 1 }
    queue.forEachBatch(by: { $0.vlan }) { _, _ in calls += 1 }
    #expect(calls == 0)
  }
}

/// A key and the numbers of the lists that were handed on with it.
private struct Flush: Equatable {
  let key: UInt16
  var numbers: [Int]

  init(_ key: UInt16, _ numbers: [Int]) {
    self.key = key
    self.numbers = numbers
  }
}
