import MDL
import Testing

/// An operation with an offset and a length: whether it was refused, and with what.
struct RangedOperation: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let run: @Sendable (inout MutableMDLChain, _ start: Int, _ count: Int) throws(MDLError) -> Void
}

@Suite("Ranges outside a chain")
struct OutOfRangeTests {
  static let operations = [
    RangedOperation(testDescription: "zero") { (chain, start, count) throws(MDLError) in
      try chain.zeroBytes(from: start, byteCount: count)
    },
    RangedOperation(testDescription: "zero securely") { (chain, start, count) throws(MDLError) in
      try chain.zeroBytes(from: start, byteCount: count, .secure)
    },
    RangedOperation(testDescription: "fill") { (chain, start, count) throws(MDLError) in
      try chain.fillBytes(with: 1, from: start, byteCount: count)
    },
    RangedOperation(testDescription: "copy in") { (chain, start, count) throws(MDLError) in
      // A length that no array has is refused by the form with an explicit count.
      guard count >= 0, count < 100 else {
        return try chain.zeroBytes(from: start, byteCount: count)
      }
      let source = [UInt8](repeating: 1, count: count)
      try chain.copyBytes(MDLSpan(source.span.bytes), to: start)
    },
    RangedOperation(testDescription: "copy out") { (chain, start, count) throws(MDLError) in
      var bytes = [UInt8](repeating: 0, count: 100)
      var elements = bytes.mutableSpan
      var out = elements.mutableBytes
      try chain.chain.copyBytes(from: start, byteCount: count, to: &out)
    },
    RangedOperation(testDescription: "compare") { (chain, start, count) throws(MDLError) in
      _ = try chain.chain.bytesEqual(from: start, byteCount: count, chain.chain, from: start)
    },
    RangedOperation(testDescription: "span") { (chain, start, count) throws(MDLError) in
      _ = try chain.span(from: start, byteCount: count).byteCount
    },
  ]

  @Test(
    "mdl T13: an operation that leaves the chain touches no byte", arguments: operations,
    [(2, 7), (0, 9), (8, 1), (9, 0), (-1, 3), (2, -1), (2, .max), (.max, .max), (.min, 4)])
  func refused(operation: RangedOperation, range: (Int, Int)) throws {
    var real = ChainModel([9, 8, 7, 6, 5, 4, 3, 2], cuts: [4, 4])
    let before = real.memory
    try real.withMutableChain { chain in
      var refusal: MDLError?
      do throws(MDLError) { try operation.run(&chain, range.0, range.1) } catch { refusal = error }
      #expect(refusal == .outOfBounds)
    }
    #expect(real.memory == before)
  }

  @Test(
    "mdl T14: no bytes at the end are fine, no bytes behind the end are not", arguments: operations)
  func emptyRanges(operation: RangedOperation) throws {
    var real = ChainModel([9, 8, 7, 6, 5, 4, 3, 2], cuts: [4, 0, 4, 0])
    let before = real.memory
    try real.withMutableChain { chain in
      try operation.run(&chain, 8, 0)
      try operation.run(&chain, 0, 0)
      var refusal: MDLError?
      do throws(MDLError) { try operation.run(&chain, 9, 0) } catch { refusal = error }
      #expect(refusal == .outOfBounds)
    }
    #expect(real.memory == before)
  }

  @Test("mdl T14: no bytes of a chain without segments are fine", arguments: operations)
  func emptyChain(operation: RangedOperation) throws {
    var real = ChainModel([], cuts: [])
    try real.withMutableChain { try operation.run(&$0, 0, 0) }
  }

  @Test("mdl T13: the whole-chain forms write all bytes and no other")
  func wholeChain() throws {
    var real = ChainModel([9, 8, 7, 6], cuts: [0, 1, 0, 3])
    try real.withMutableChain { try $0.fillBytes(with: 5) }
    #expect(real.bytes == [5, 5, 5, 5])
    try real.withMutableChain { try $0.zeroBytes() }
    #expect(real.bytes == [0, 0, 0, 0])
    #expect(real.guardsAreIntact)
  }
}
