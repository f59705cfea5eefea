import MDL
import Testing

extension NetBufferListPool {
  private struct Exhausted: Error {}

  /// A list, or a failed test; `#require` does not take values that cannot be copied.
  func requireList() throws -> NetBufferList {
    guard let list = take() else { throw Exhausted() }
    return list
  }
}

@Suite("NetBufferList and its pool")
struct NetBufferListTests {
  @Test("mdl T48: an exhausted pool gives no list, and gives one again when one is back")
  func exhaustion() throws {
    let pool = NetBufferListPool(capacity: 2, bufferByteCount: 64)
    var queue = NetBufferListQueue()
    for _ in 0..<2 { queue.append(try pool.requireList()) }
    #expect(pool.outstanding == 2)
    let isExhausted = pool.take() == nil
    #expect(isExhausted)
    do { _ = queue.popFirst() }
    #expect(pool.outstanding == 1)
    let isBack = pool.take() != nil
    #expect(isBack)
  }

  @Test("mdl T48: frames outlive the pool that they were taken from")
  func poolClosedFirst() throws {
    var queue = NetBufferListQueue()
    do {
      let pool = NetBufferListPool(capacity: 3, bufferByteCount: 64)
      for byte in UInt8(1)...3 {
        var list = try pool.requireList()
        let frame = [UInt8](repeating: byte, count: 60)
        try list.assign(MDLSpan(frame.span.bytes))
        queue.append(list)
      }
    }
    var content: [UInt8] = []
    while let list = queue.popFirst() { content.append(contentsOf: array(list.span)) }
    #expect(content == [1, 2, 3].flatMap { [UInt8](repeating: $0, count: 60) })
  }

  @Test("mdl T48: a list taken again carries nothing of its last frame")
  func fieldsAreReset() throws {
    let pool = NetBufferListPool(capacity: 1, bufferByteCount: 64)
    do {
      var list = try pool.requireList()
      try list.assign(MDLSpan(([1, 2, 3] as [UInt8]).span.bytes))
      list.status = -1
      list.vlan = 5
      list.cancelID = 6
      list.sourceID = 7
      list.timestampNanoseconds = 8
      list.wireByteCount = 9
      #expect(list.status == -1)
      #expect(list.vlan == 5)
      #expect(list.cancelID == 6)
      #expect(list.sourceID == 7)
      #expect(list.timestampNanoseconds == 8)
      #expect(list.wireByteCount == 9)
    }
    let list = try pool.requireList()
    #expect(list.status == 0)
    #expect(list.vlan == 0)
    #expect(list.cancelID == 0)
    #expect(list.sourceID == 0)
    #expect(list.timestampNanoseconds == 0)
    #expect(list.wireByteCount == 0)
    #expect(list.byteCount == 0)
    let isEmpty = list.span.isEmpty
    #expect(isEmpty)
  }

  @Test("a frame longer than the buffer is refused and leaves the list as it was")
  func tooLong() throws {
    let pool = NetBufferListPool(capacity: 1, bufferByteCount: 4)
    var list = try pool.requireList()
    try list.assign(MDLSpan(([1, 2, 3, 4] as [UInt8]).span.bytes))
    var refusal: MDLError?
    let longer: [UInt8] = [9, 9, 9, 9, 9]
    do throws(MDLError) { try list.assign(MDLSpan(longer.span.bytes)) } catch { refusal = error }
    #expect(refusal == .destinationTooSmall)
    let content = array(list.span)
    #expect(content == [1, 2, 3, 4])
  }

  @Test("a frame inside a message is found again, and not copied")
  func described() throws {
    let pool = NetBufferListPool(capacity: 1, bufferByteCount: 0)
    var list = try pool.requireList()
    try list.describe(2..<5)
    #expect(list.byteCount == 3)
    #expect(list.dataOffset == 2)
    let isCopied = !list.span.isEmpty
    #expect(!isCopied)
    try ChainModel([1, 2, 3, 4, 5, 6], cuts: [3, 3]).withChain { message in
      let content = try array(list.frame(in: message.span))
      #expect(content == [3, 4, 5])
    }
    try ChainModel([1, 2, 3, 4], cuts: [4]).withChain { message in
      #expect(throws: MDLError.outOfBounds) {
        let frame = try list.frame(in: message.span)
        _ = frame.byteCount
      }
    }
  }

  @Test("a frame before the message's start is refused", arguments: [-1..<0, Int.min..<Int.max])
  func describedOutside(range: Range<Int>) throws {
    let pool = NetBufferListPool(capacity: 1, bufferByteCount: 0)
    var list = try pool.requireList()
    var refusal: MDLError?
    do throws(MDLError) { try list.describe(range) } catch { refusal = error }
    #expect(refusal == .outOfBounds)
    #expect(list.byteCount == 0)
  }
}
