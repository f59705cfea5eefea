import MDL
import NDIS
import TestSupport
import Testing

@testable import Ndisprot

/// Readers that wait for something else than what comes.
@Suite("EtherTypeSignature")
struct EtherTypeSignatureTests {
  private static let types: [UInt16] = [0x888E, 0x0800, 0x88B5, 0x88B6, 0x0600, 0x86DD]

  @Test(
    "a record that a filter does not refuse for its EtherType meets the filter's signature",
    arguments: 1...20)
  func agreement(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var ring = try ReceiveRing(byteCount: 64 << 10)
    for _ in 0..<2_000 {
      let type = UInt16.random(in: .min ... .max, using: &generator)
      let isTagged = Bool.random(using: &generator)
      let byteCount = Int.random(in: 10...70, using: &generator)
      let frame = Frames.make(
        to: Frames.group, type: type, tag: isTagged ? 5 : nil, byteCount: byteCount)
      let place = ring.tail
      _ = ring.append(frame)
      var wanted = [type, Self.types.randomElement(using: &generator) ?? 0]
      if type < 0x0600 { wanted.append(EtherTypeSet.llcValue) }
      wanted = wanted.shuffled(using: &generator).suffix(Int.random(in: 1...2, using: &generator))
      let isAny = UInt64.random(in: 0..<8, using: &generator) == 0
      let filter = Frames.filter(types: isAny ? [EtherTypeSet.anyValue] : wanted)
      let verdict = filter.verdict(on: ring, at: place)
      let isMet = EtherTypeSignature(of: ring, at: place).meets(filter.signature)
      #expect(verdict == .unmatchedEtherType || isMet)
    }
  }

  @Test(
    "D2: whoever reads when something of his came loses none of it, however much passed of others",
    arguments: 1...50)
  func patience(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var ring = try ReceiveRing(byteCount: 64 << 10)
    let filter = Frames.filter(types: [0x888E, 0x88B6])
    var cursor = ReceiveCursor(at: ring, windowByteCount: .max, depth: nil)
    var (offered, own, read) = (UInt64(0), UInt64(0), UInt64(0))
    for _ in 0..<600 {
      let isRare = UInt64.random(in: 0..<20, using: &generator) == 0
      for _ in 0..<Int.random(in: 1...60, using: &generator) {
        let isOwn = isRare && UInt64.random(in: 0..<4, using: &generator) == 0
        let ownType: UInt16 = Bool.random(using: &generator) ? 0x888E : 0x88B6
        let type = isOwn ? ownType : 0x0800
        // A frame looped for another open has no number.
        let isForeign = !isOwn && UInt64.random(in: 0..<9, using: &generator) == 0
        _ = ring.append(Frames.make(type: type, byteCount: 200), loopedFor: isForeign ? 9 : nil)
        if !isForeign { offered += 1 }
        if isOwn { own += 1 }
      }
      if ring.lastSeen.signature.meets(filter.signature) {
        while cursor.hasFrames(ring, filter) {
          var slices = RingSlices()
          let batch = cursor.gather(
            ring, filter, byteLimit: 4_000, recordLimit: .max, into: &slices)
          cursor.consume(batch)
          read += UInt64(batch.recordCount)
        }
      }
      ring.readersServed()
      // Some look at the counters in between.
      if UInt64.random(in: 0..<50, using: &generator) == 0 { cursor.advance(ring, filter) }
    }
    cursor.advance(ring, filter)
    #expect(read == own && own > 0)
    #expect(cursor.tally.overrun == 0 && cursor.tally.dropFlushed == 0)
    #expect(cursor.tally.matched == own && cursor.tally.unmatchedEtherType == offered - own)
  }

  @Test("D2: whoever does not read loses what was overwritten, and no more than that is counted")
  func neglect() throws {
    var ring = try ReceiveRing(byteCount: 64 << 10)
    let filter = Frames.filter()
    var cursor = ReceiveCursor(at: ring, windowByteCount: .max, depth: nil)
    _ = ring.append(Frames.make(number: 1))
    ring.readersServed()
    for _ in 0..<2_000 {
      _ = ring.append(Frames.make(type: 0x0800))
      ring.readersServed()
    }
    cursor.advance(ring, filter)
    // The record of this open went with those around it.
    #expect(cursor.tally.matched == 0 && cursor.tally.overrun == ring.headNumber)
    #expect(cursor.tally.unmatchedEtherType == 2_001 - cursor.tally.overrun)
  }

  @Test("a read pended among a flood of other frames is not behind, loses nothing, and is answered")
  func pended() throws {
    let fixture = try DataPathFixture()
    let supplicant = try DataPathFixture.Client(fixture, OpenOptions())
    let busy = try DataPathFixture.Client(
      fixture, OpenOptions(etherTypes: EtherTypeSet([0x0800])))
    let id = try supplicant.read()
    for number in 0..<2_000 {
      let other = try busy.read()
      fixture.miniport.deliver([Frames.make(type: 0x0800, number: UInt32(number))])
      #expect(busy.requester.completion(of: other)?.status == .success)
    }
    #expect(supplicant.requester.completion(of: id) == nil)
    #expect(!fixture.dataPath.shouldHold(nowNanoseconds: 1))
    fixture.miniport.deliver([Frames.make(type: 0x0800), Frames.make(number: 7)])
    #expect(supplicant.frames(id) == [Frames.make(number: 7)])
    let sets = fixture.dataPath.counters().filter { $0.kind == .open }
    let counts = sets.map { set in
      [Counter.rxOverrun, .rxMatched, .rxUnmatchedEthertype].map { counter in
        set.values.first { $0.0 == counter }?.1
      }
    }
    #expect(counts == [[0, 1, 2_001], [0, 2_001, 1]])
  }
}
