import MDL
import NDIS
import Testing

@testable import Ndisprot

/// The short way into the ring, which frames that are like the newest take.
@Suite("ReceiveRing")
struct ReceiveRingTests {
  private func appendAlike(
    _ frame: [UInt8], flags: FrameRecord.Flags = [], wireByteCount: Int? = nil,
    to ring: inout ReceiveRing
  ) -> Bool {
    let span = frame.span
    return ring.appendAlike(
      ReceivedFrame(
        bytes: span.bytes, wireByteCount: wireByteCount ?? frame.count, timestampNanoseconds: 7,
        flags: flags.rawValue))
  }

  @Test(
    "whichever way frames take, the ring is the same: bytes, places, numbers, and from where on records are alike",
    arguments: 1...50)
  func bothWays(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var plain = try ReceiveRing(byteCount: 64 << 10)
    var short = try ReceiveRing(byteCount: 64 << 10)
    var shortCount = 0
    for number in 0..<1_500 {
      let isOther = Int.random(in: 0..<8, using: &generator) == 0
      let isLooped = Int.random(in: 0..<40, using: &generator) == 0
      let frame = Frames.make(
        type: isOther ? 0x88B5 : 0x888E, number: UInt32(number),
        byteCount: Int.random(in: 14...1_514, using: &generator))
      _ = plain.append(frame, loopedFor: isLooped ? 1 : nil)
      if !isLooped, appendAlike(frame, to: &short) {
        shortCount += 1
      } else {
        _ = short.append(frame, loopedFor: isLooped ? 1 : nil)
      }
      let isSame =
        plain.head == short.head && plain.tail == short.tail
        && plain.headNumber == short.headNumber && plain.tailNumber == short.tailNumber
        && plain.alikeStart == short.alikeStart
        && plain.lastSeen.signature == short.lastSeen.signature
      #expect(isSame)
      if Int.random(in: 0..<100, using: &generator) == 0 {
        plain.readersServed()
        short.readersServed()
      }
    }
    #expect(shortCount > 500)
    var at = plain.head
    var differences = 0
    while at < plain.tail {
      if plain.granule(at: at) != short.granule(at: at) { differences += 1 }
      at += 8
    }
    #expect(differences == 0)
  }

  @Test(
    "a frame of another type, direction or destination, a cut one, a short one and the first are not alike"
  )
  func notAlike() throws {
    var ring = try ReceiveRing(byteCount: 64 << 10)
    let frame = Frames.make()
    let isFirst = appendAlike(frame, to: &ring)
    _ = ring.append(frame)
    let outcomes = [
      appendAlike(frame, to: &ring),
      appendAlike(Frames.make(type: 0x88B5), to: &ring),
      appendAlike(Frames.make(to: Frames.peer), to: &ring),
      appendAlike(frame, flags: .outgoing, to: &ring),
      appendAlike(frame, wireByteCount: 61, to: &ring),
      appendAlike(Frames.make(byteCount: 15), to: &ring),
      appendAlike(frame, to: &ring),
    ]
    #expect(!isFirst)
    #expect(outcomes == [true, false, false, false, false, false, true])
    ring.forgetNewest()
    let isAlike = appendAlike(frame, to: &ring)
    #expect(!isAlike)
    #expect(ring.tailNumber == 3)
  }

  @Test("a looped record is never overwritten on the short way: its owner's list would be behind")
  func loopedIsOldest() throws {
    var ring = try ReceiveRing(byteCount: 64 << 10)
    _ = ring.append(Frames.make(), loopedFor: 1)
    _ = ring.append(Frames.make())
    var count = 0
    while appendAlike(Frames.make(), to: &ring) { count += 1 }
    #expect(ring.head == 0)
    #expect(count > 700)
    _ = ring.append(Frames.make())
    #expect(ring.head > 0 && ring.headNumber == 0)
    #expect(ring.looped.owner(at: 0) == nil)
  }
}
