import MDL
import NDIS
import TestSupport
import Testing

@testable import Ndisprot

/// The word of each record in an answer that says how many frames were lost in front of it.
private func losses(in records: [UInt8]) -> [UInt32] {
  var found: [UInt32] = []
  var at = 0
  while at + FrameRecord.headerByteCount <= records.count {
    func word(_ offset: Int) -> UInt32 {
      records[at + offset..<at + offset + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
    found.append(word(20))
    at += FrameRecord.byteCount(ofFrame: Int(word(0)))
  }
  return found
}

@Suite("Losses in front of a frame")
struct LossTests {
  private static func options(
    _ flags: OpenFlags = [], window: Int = 0, tells: Bool = true
  ) -> OpenOptions {
    var options = OpenOptions(flags: flags, queueByteCount: window)
    options.tellsLosses = tells
    return options
  }

  private func make(_ numbers: ClosedRange<UInt32>) -> [[UInt8]] {
    numbers.map { Frames.make(number: $0) }
  }

  @Test(
    "the first record behind a loss says how many frames went, the next one says 0",
    arguments: [true, false])
  func first(isBatch: Bool) throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, Self.options(.compat))
    fixture.miniport.deliver(make(1...10))
    let ids = try (0..<(isBatch ? 1 : 4)).map { _ in try client.read(isBatch: isBatch) }
    let words = ids.flatMap { losses(in: client.requester.delivered[$0] ?? []) }
    #expect(words == [6, 0, 0, 0])
    #expect(ids.flatMap(client.frames) == make(7...10))
  }

  @Test("a client that did not ask for it gets a zero word, and the losses in the counters alone")
  func silent() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, Self.options(.compat, tells: false))
    fixture.miniport.deliver(make(1...10))
    let id = try client.read()
    #expect(losses(in: client.requester.delivered[id] ?? []) == [0])
    #expect(client.frames(id) == make(7...7))
  }

  @Test("a frame that is cut says it too")
  func cut() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, Self.options(.compat))
    fixture.miniport.deliver(make(1...5))
    let id = try client.read(room: 20)
    #expect(losses(in: client.requester.delivered[id] ?? []) == [1])
    #expect(client.requester.delivered[id]?.count == FrameRecord.byteCount(ofFrame: 20))
  }

  @Test("two readers of one ring are each told of their own losses")
  func ownLosses() throws {
    let fixture = try DataPathFixture()
    let narrow = try DataPathFixture.Client(fixture, Self.options(window: 4 * 88))
    let wide = try DataPathFixture.Client(fixture, Self.options())
    fixture.miniport.deliver(make(1...10))
    let (first, second) = (try narrow.read(isBatch: true), try wide.read(isBatch: true))
    #expect(losses(in: narrow.requester.delivered[first] ?? []) == [6, 0, 0, 0])
    #expect(losses(in: wide.requester.delivered[second] ?? []) == Array(repeating: 0, count: 10))
  }

  @Test("what waits when the interface goes down is lost in front of the next frame")
  func flushed() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, Self.options())
    fixture.miniport.deliver(make(1...3))
    fixture.dataPath.attributesChanged(.flushReceived)
    fixture.miniport.deliver(make(4...4))
    let id = try client.read()
    #expect(losses(in: client.requester.delivered[id] ?? []) == [3])
  }

  @Test("frames that a narrower filter no longer wants are not lost; a wider one's are")
  func filters() throws {
    var ring = try ReceiveRing(byteCount: 64 << 10)
    var cursor = ReceiveCursor(at: ring, windowByteCount: .max, depth: nil)
    let (two, one) = (Frames.filter(types: [0x888E, 0x88CC]), Frames.filter())
    _ = ring.append(Frames.make(number: 1))
    _ = ring.append(Frames.make(type: 0x88CC, number: 2))
    cursor.change(ring, from: two, to: one, isRevoked: false)
    #expect(cursor.tally.dropFlushed == 1 && cursor.tally.lostInFront == 0)
    _ = ring.append(Frames.make(type: 0x88CC, number: 3))
    cursor.change(ring, from: one, to: two, isRevoked: false)
    #expect(cursor.tally.lostInFront == 3)
  }

  @Test(
    "every frame is either read or counted in front of the next one, wherever records wrap",
    arguments: [UInt64(1), 2, 3])
  func conservation(seed: UInt64) throws {
    var chance = SplitMix64(state: seed)
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, Self.options(window: 20 * 88))
    var (sent, seen): (UInt32, UInt32) = (0, 0)
    for _ in 0..<400 {
      let count = UInt32.random(in: 1...60, using: &chance)
      fixture.miniport.deliver(make(sent + 1...sent + count))
      sent += count
      let id = try client.read(
        isBatch: .random(using: &chance), count: .random(in: 1...30, using: &chance))
      let words = losses(in: client.requester.delivered[id] ?? [])
      for (lost, frame) in zip(words, client.frames(id)) {
        seen += lost + 1
        #expect(frame == Frames.make(number: seen))
      }
    }
    #expect(sent > 10_000 && seen > sent - 60)
  }
}
