internal import MDL

/// The figures that are no race: headers, iteration, building, refusing, lists.
enum Figures {
  static func all() throws -> [(name: String, nanoseconds: Double)] {
    try spans() + lists()
  }

  private static func spans() throws -> [(name: String, nanoseconds: Double)] {
    let memory = [UInt8](repeating: 0x81, count: 1514)
    let bytes = memory.span.bytes
    var (cut, many) = (MDLChainBuilder<2>(), MDLChainBuilder<64>())
    try cut.append(bytes.extracting(0..<13))
    try cut.append(bytes.extracting(13..<1514))
    for index in 0..<64 { try many.append(bytes.extracting(index * 16..<index * 16 + 16)) }
    let (flat, chain, long) = (MDLSpan(bytes), cut.chain, many.chain)
    let straddling = chain.span
    var sum = 0
    return [
      ("header of a flat frame", time { for _ in 0..<$0 { header(flat, &sum) } }),
      ("header across a boundary", time { for _ in 0..<$0 { header(straddling, &sum) } }),
      ("iteration over 64 regions", time { for _ in 0..<$0 { iterate(long, &sum) } }),
      ("a chain of 8 segments built", time { for _ in 0..<$0 { try? buildEight(bytes, &sum) } }),
      ("a range refused", time { for _ in 0..<$0 { refuse(chain, &sum) } }),
    ]
  }

  private static func lists() throws -> [(name: String, nanoseconds: Double)] {
    let pool = NetBufferListPool(capacity: 256)
    var left = NetBufferListQueue()
    var right = NetBufferListQueue()
    var queue = NetBufferListQueue()
    for index in 0..<256 {
      guard let list = pool.take() else { break }
      list.vlan = UInt16(index / 8 % 2)
      list.cancelID = UInt64(index)
      queue.append(list)
    }
    let partition = time {
      for _ in 0..<$0 {
        queue.partition(into: &left, &right) { $0.vlan == 1 }
        queue.append(contentsOf: &left)
        queue.append(contentsOf: &right)
      }
    }
    let batches = time {
      for _ in 0..<$0 {
        queue.forEachBatch(by: { $0.cancelID / 64 }) { (_, batch: consuming NetBufferListQueue) in
          left.append(contentsOf: &batch)
        }
        queue.append(contentsOf: &left)
      }
    }
    let popAndAppend = time {
      for _ in 0..<$0 {
        while let list = queue.popFirst() { left.append(list) }
        queue.append(contentsOf: &left)
      }
    }
    return [
      ("partition, a frame", partition / 256), ("batch, a frame", batches / 256),
      ("pop and append, a frame", popAndAppend / 256),
    ]
  }
}
