import Glibc
import Testing

@testable import MDL

@Suite("Export to iovec")
struct IOVectorTests {
  /// The bytes that the first `count` entries describe.
  private func gathered(_ vectors: Span<iovec>, _ count: Int) -> [UInt8] {
    (0..<count).flatMap { index in
      UnsafeRawBufferPointer(start: vectors[index].iov_base, count: vectors[index].iov_len)
    }
  }

  @Test("mdl T38: a range exports an entry for each region, and no empty one")
  func export() throws {
    for number in propertyCases {
      var generator = CaseGenerator(number)
      let model = ChainModel(using: &generator)
      let range = generator.range(of: model.byteCount)
      try model.withChain { chain in
        let span = try chain.span(from: range.lowerBound, byteCount: range.count)
        var vectors = InlineArray<16, iovec>(repeating: iovec())
        var out = vectors.mutableSpan
        let (count, byteCount) = span.exportIOVectors(into: &out)
        let regionCount = span.regionCount
        #expect(count == regionCount, "case \(number)")
        #expect(byteCount == range.count, "case \(number)")
        #expect(gathered(vectors.span, count) == Array(model.bytes[range]), "case \(number)")
        #expect((0..<count).allSatisfy { vectors[$0].iov_len > 0 }, "case \(number)")
      }
    }
  }

  @Test("mdl T38: a whole chain exports its own table, the empty segments included")
  func wholeChain() throws {
    try ChainModel([1, 2, 3, 4, 5], cuts: [2, 0, 3]).withChain { chain in
      let table = chain.segments.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
      chain.withUnsafeIOVectors { vectors in
        #expect(UInt(bitPattern: vectors.baseAddress) == table)
        #expect(vectors.map(\.iov_len) == [2, 0, 3])
        #expect(
          vectors.flatMap { Array(UnsafeRawBufferPointer(start: $0.iov_base, count: $0.iov_len)) }
            == [1, 2, 3, 4, 5])
      }
    }
  }

  @Test("mdl T38: a chain without segments exports no entries")
  func emptyChain() {
    let builder = MDLChainBuilder<1>()
    let count = builder.chain.withUnsafeIOVectors { $0.count }
    #expect(count == 0)
  }

  @Test("mdl T39: an export that does not fit is resumed behind what it covered", arguments: 1...7)
  func resumed(room: Int) throws {
    let bytes = Array<UInt8>(0..<40)
    try ChainModel(bytes, cuts: [0, 3, 0, 0, 10, 7, 1, 9, 10, 0]).withChain { chain in
      var rest = chain.span
      var content: [UInt8] = []
      var steps = 0
      while !rest.isEmpty, steps < 40 {
        var vectors = [iovec](repeating: iovec(), count: room)
        var out = vectors.mutableSpan
        let (count, byteCount) = rest.exportIOVectors(into: &out)
        content += gathered(vectors.span, count)
        rest = try rest.extracting(droppingFirst: byteCount)
        steps += 1
      }
      #expect(content == bytes)
      #expect(steps == (6 + room - 1) / room)
    }
  }

  @Test("mdl T39: no room exports nothing")
  func noRoom() throws {
    try ChainModel([1, 2], cuts: [2]).withChain { chain in
      var vectors: [iovec] = []
      var out = vectors.mutableSpan
      let (count, byteCount) = chain.span.exportIOVectors(into: &out)
      #expect(count == 0)
      #expect(byteCount == 0)
    }
  }

  @Test("mdl T39: one export has at most IOV_MAX entries")
  func atMostIOVMax() throws {
    let bytes = [UInt8](repeating: 1, count: 2000)
    var builder = MDLChainBuilder<2000>()
    for index in 0..<2000 { try builder.append(bytes.span.bytes.extracting(index..<index + 1)) }
    var vectors = [iovec](repeating: iovec(), count: 2000)
    var out = vectors.mutableSpan
    let (count, byteCount) = builder.chain.span.exportIOVectors(into: &out)
    #expect(count == 1024)
    #expect(byteCount == 1024)
  }

  @Test("mdl T39: a chain of 3000 segments goes through a socket with short writes")
  func shortWrites() throws {
    let bytes = (0..<30_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    let sockets = try SocketPair(SOCK_STREAM, sendBufferByteCount: 4_096)
    var builder = MDLChainBuilder<3000>()
    for index in 0..<3000 {
      try builder.append(bytes.span.bytes.extracting(index * 10..<index * 10 + 10))
    }
    var rest = builder.chain.span
    var received: [UInt8] = []
    var writes = 0
    while received.count < bytes.count, writes < 10_000 {
      var vectors = InlineArray<64, iovec>(repeating: iovec())
      var out = vectors.mutableSpan
      let (count, _) = rest.exportIOVectors(into: &out)
      let written = out.withUnsafeBufferPointer {
        writev(sockets.writer, $0.baseAddress, Int32(count))
      }
      if written > 0 { rest = try rest.extracting(droppingFirst: written) }
      if written <= 0 || rest.isEmpty { received += sockets.read() }
      writes += 1
    }
    #expect(received == bytes)
  }

  @Test(
    "mdl T54: a record header and a frame leave in one message, not flattened",
    arguments: [SOCK_SEQPACKET, SOCK_STREAM])
  func headerAndFrame(type: __socket_type) throws {
    let (header, frame) = ([UInt8](0..<24), [UInt8](repeating: 0x5A, count: 1514))
    let sockets = try SocketPair(type, sendBufferByteCount: 65_536)
    var builder = MDLChainBuilder<2>()
    try builder.append(header.span.bytes)
    try builder.append(frame.span.bytes)
    let written = builder.chain.withUnsafeIOVectors {
      writev(sockets.writer, $0.baseAddress, Int32($0.count))
    }
    #expect(written == 1538)
    #expect(sockets.read() == header + frame)
  }
}

/// Two connected sockets that do not wait, closed at the end.
private final class SocketPair {
  let writer: CInt
  let reader: CInt

  init(_ type: __socket_type, sendBufferByteCount: CInt) throws {
    var descriptors: (CInt, CInt) = (-1, -1)
    let result = withUnsafeMutableBytes(of: &descriptors) {
      socketpair(
        AF_UNIX, CInt(type.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0,
        $0.assumingMemoryBound(to: CInt.self).baseAddress)
    }
    try #require(result == 0)
    (writer, reader) = descriptors
    var byteCount = sendBufferByteCount
    setsockopt(writer, SOL_SOCKET, SO_SNDBUF, &byteCount, socklen_t(MemoryLayout<CInt>.size))
  }

  func read() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = recv(reader, &bytes, bytes.count, 0)
    return Array(bytes.prefix(max(0, count)))
  }

  deinit {
    close(writer)
    close(reader)
  }
}
