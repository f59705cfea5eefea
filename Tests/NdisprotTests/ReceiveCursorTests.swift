import MDL
import NDIS
import Testing

@testable import Ndisprot

/// A small generator, so that a failing case can be run again by its seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}

@Suite("ReceiveCursor")
struct ReceiveCursorTests {
  private func read(
    _ cursor: inout ReceiveCursor, _ ring: borrowing ReceiveRing, _ filter: ReceiveFilter,
    byteLimit: Int = .max, recordLimit: Int = .max
  ) -> [[UInt8]] {
    // No read was pended before this one.
    cursor.trim(ring, filter)
    guard cursor.hasFrames(ring, filter) else { return [] }
    var slices = RingSlices()
    let batch = cursor.gather(
      ring, filter, byteLimit: byteLimit, recordLimit: recordLimit, into: &slices)
    let records = bytes(of: slices, in: ring)
    #expect(records.count == batch.byteCount)
    cursor.consume(batch)
    return frames(in: records)
  }

  @Test("R-17: a cursor starts behind what is there and sees what comes, in order")
  func order() throws {
    var ring = try ReceiveRing(byteCount: 64 << 10)
    _ = ring.append(Frames.make(number: 0))
    var cursor = ReceiveCursor(at: ring, windowByteCount: .max, depth: nil)
    let sent = (1...5).map { Frames.make(number: UInt32($0)) }
    for frame in sent { _ = ring.append(frame) }
    do {
      let frames = read(&cursor, ring, Frames.filter())
      #expect(frames == sent)
    }
    do {
      let frames = read(&cursor, ring, Frames.filter())
      #expect(frames.isEmpty)
    }
    #expect(cursor.tally.delivered == 5)
  }

  @Test("R-29: the four newest are kept in a compat open, and what went first is overrun")
  func compat() throws {
    var ring = try ReceiveRing(byteCount: 64 << 10)
    var cursor = ReceiveCursor(at: ring, windowByteCount: .max, depth: 4)
    let sent = (1...6).map { Frames.make(number: UInt32($0)) }
    for frame in sent { _ = ring.append(frame) }
    do {
      let frames = read(&cursor, ring, Frames.filter())
      #expect(frames == Array(sent[2...]))
    }
    #expect(cursor.tally.overrun == 2)
  }

  @Test("D-3: a batch never splits a record and stops at its limits")
  func limits() throws {
    var ring = try ReceiveRing(byteCount: 64 << 10)
    var cursor = ReceiveCursor(at: ring, windowByteCount: .max, depth: nil)
    let sent = (1...10).map { Frames.make(number: UInt32($0)) }
    for frame in sent { _ = ring.append(frame) }
    let one = FrameRecord.byteCount(ofFrame: 60)
    do {
      let frames = read(&cursor, ring, Frames.filter(), byteLimit: 3 * one + 7)
      #expect(frames.count == 3)
    }
    do {
      let frames = read(&cursor, ring, Frames.filter(), recordLimit: 2)
      #expect(frames.count == 2)
    }
    do {
      let frames = read(&cursor, ring, Frames.filter(), byteLimit: one - 1)
      #expect(frames.isEmpty)
    }
    do {
      let frames = read(&cursor, ring, Frames.filter())
      #expect(frames == Array(sent[5...]))
    }
  }

  @Test("a batch that was not taken is there again")
  func untaken() throws {
    var ring = try ReceiveRing(byteCount: 64 << 10)
    var cursor = ReceiveCursor(at: ring, windowByteCount: .max, depth: nil)
    _ = ring.append(Frames.make(type: 0x0800))
    _ = ring.append(Frames.make(number: 1))
    _ = ring.append(Frames.make(number: 2))
    let isThere = cursor.hasFrames(ring, Frames.filter())
    #expect(isThere)
    var slices = RingSlices()
    _ = cursor.gather(
      ring, Frames.filter(), byteLimit: .max, recordLimit: .max, into: &slices)
    #expect(cursor.queuedCount == 2)
    do {
      let frames = read(&cursor, ring, Frames.filter())
      #expect(frames.count == 2)
    }
    #expect(cursor.tally.matched == 2)
    #expect(cursor.tally.unmatchedEtherType == 1)
  }

  @Test(
    "D2, D3: counters account for every frame, whatever is read, overtaken or flushed",
    arguments: 1...200)
  func conservation(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var ring = try ReceiveRing(byteCount: 64 << 10)
    let filter = Frames.filter()
    let window = Bool.random(using: &generator) ? Int.max : 8 << 10
    let depth = UInt64.random(in: 0..<4, using: &generator) == 0 ? 4 : nil
    var cursor = ReceiveCursor(at: ring, windowByteCount: window, depth: depth)
    var offered: UInt64 = 0
    var expected: [UInt32] = []
    var got: [UInt32] = []
    var number: UInt32 = 0
    var isMine = true
    for _ in 0..<400 {
      switch UInt64.random(in: 0..<10, using: &generator) {
      case 0..<7:
        for _ in 0..<Int.random(in: 1...40, using: &generator) {
          number += 1
          // In every other case frames come in runs that are judged at once.
          if seed % 2 == 0 || UInt64.random(in: 0..<16, using: &generator) == 0 {
            isMine = UInt64.random(in: 0..<3, using: &generator) > 0
          }
          let isLooped = UInt64.random(in: 0..<(seed % 2 == 0 ? 8 : 64), using: &generator) == 0
          let byteCount = Int.random(in: 18...400, using: &generator)
          let frame = Frames.make(
            type: isMine ? 0x888E : 0x0800, number: number, byteCount: byteCount)
          if isLooped {
            _ = ring.append(frame, loopedFor: isMine ? 1 : 2)
            if isMine { cursor.noteLooped() }
          } else {
            _ = ring.append(frame)
            offered += 1
          }
          if isMine { expected.append(number) }
        }
      case 7:
        if Bool.random(using: &generator) { cursor.trim(ring, filter) }
        cursor.advance(ring, filter)
      case 8 where seed % 3 == 0:
        cursor.flush(ring, filter)
      default:
        let read = self.read(
          &cursor, ring, filter, byteLimit: Int.random(in: 500...9_000, using: &generator))
        got += read.map { frame in
          frame[14..<18].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
      }
    }
    cursor.advance(ring, filter)
    let tally = cursor.tally
    let judged =
      tally.overrun + tally.matched + tally.unmatchedEtherType + tally.unmatchedFilter
      + tally.unmatchedDirection
    #expect(offered == judged)
    let ended = tally.delivered + tally.dropFlushed + tally.dropClosed + cursor.queuedCount
    #expect(tally.matched + tally.looped == ended)
    #expect(tally.delivered == UInt64(got.count))
    // What was read is a subsequence of what was there for this open, in order.
    var rest = expected[...]
    for number in got {
      guard let index = rest.firstIndex(of: number) else {
        Issue.record("frame \(number) came out of order or was never there")
        return
      }
      rest = rest[(index + 1)...]
    }
  }

  @Test("D2: frames that are alike are counted one by one, and taken as far as the limits go")
  func alike() throws {
    var ring = try ReceiveRing(byteCount: 64 << 10)
    var cursor = ReceiveCursor(at: ring, windowByteCount: .max, depth: nil)
    let filter = Frames.filter()
    let others = (0..<50).map { Frames.make(type: 0x0800, number: $0) }
    let sent = (0..<100).map { Frames.make(number: $0, byteCount: 60 + Int($0 % 3)) }
    for frame in others + sent { _ = ring.append(frame) }
    do {
      let frames = read(&cursor, ring, filter, byteLimit: 20 * 88 + 87)
      #expect(frames == Array(sent[..<20]))
    }
    do {
      let frames = read(&cursor, ring, filter, recordLimit: 30)
      #expect(frames == Array(sent[20..<50]))
    }
    // A tagged frame and a short one are judged each for itself, and end the run.
    _ = ring.append(Frames.make(type: 0x8100, number: 0))
    _ = ring.append([UInt8](sent[0][..<13]))
    _ = ring.append(sent[0])
    do {
      let frames = read(&cursor, ring, filter)
      #expect(frames == sent[50...] + [sent[0]])
    }
    #expect(cursor.tally.unmatchedEtherType == 52)
    #expect(cursor.tally.matched == 101)
    #expect(cursor.tally.delivered == 101)
  }

  @Test("R-12: a record that is cut says so, keeps its length on the wire, and is padded with zero")
  func cut() throws {
    var ring = try ReceiveRing(byteCount: 64 << 10)
    let frame = Frames.make(number: 9, byteCount: 60)
    _ = ring.append(frame)
    let bytes = ring.withCutRecord(at: 0, byteCount: 20, lostInFront: 0) { chain in
      var all = [UInt8](repeating: 0xEE, count: chain.byteCount)
      var span = all.mutableSpan
      var out = span.mutableBytes
      try? chain.span.copyBytes(to: &out)
      return all
    }
    #expect(bytes.count == FrameRecord.byteCount(ofFrame: 20))
    #expect(Array(bytes[0..<8]) == [20, 0, 0, 0, 60, 0, 0, 0])
    #expect(bytes[16] == UInt8(FrameRecord.Flags.truncated.rawValue))
    #expect(Array(bytes[24..<44]) == Array(frame[0..<20]))
    #expect(Array(bytes[44...]) == [0, 0, 0, 0])
  }
}
