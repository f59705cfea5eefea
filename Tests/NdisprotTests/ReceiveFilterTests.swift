import MDL
import NDIS
import Testing

@testable import Ndisprot

@Suite("ReceiveFilter")
struct ReceiveFilterTests {
  private func verdict(
    _ frame: [UInt8], _ filter: ReceiveFilter, flags: FrameRecord.Flags = []
  ) throws -> ReceiveFilter.Verdict {
    var ring = try ReceiveRing(byteCount: 64 << 10)
    let isThere = ring.append(frame, flags: flags)
    #expect(isThere)
    return filter.verdict(on: ring, at: 0)
  }

  @Test("R-20: an untagged frame of the type matches, one behind an 0x8100 tag too")
  func tagged() throws {
    #expect(try verdict(Frames.make(), Frames.filter()) == .matched)
    #expect(try verdict(Frames.make(tag: 5), Frames.filter()) == .matched)
  }

  @Test(
    "R-21: other types, 802.1ad, double tags and LLC never match",
    arguments: [
      UInt16(0x0800), 0x88A8, 0x8100, 0x0040,
    ])
  func otherTypes(type: UInt16) throws {
    #expect(try verdict(Frames.make(type: type), Frames.filter()) == .unmatchedEtherType)
    #expect(try verdict(Frames.make(type: type, tag: 1), Frames.filter()) == .unmatchedEtherType)
  }

  @Test(
    "R-20: 14 bytes untagged and 18 tagged are the least",
    arguments: [
      (13, false, false), (14, false, true), (17, true, false), (18, true, true),
    ])
  func shortest(byteCount: Int, isTagged: Bool, isMatch: Bool) throws {
    let frame = Frames.make(tag: isTagged ? 3 : nil, byteCount: byteCount)
    let expected: ReceiveFilter.Verdict = isMatch ? .matched : .unmatchedEtherType
    #expect(try verdict(frame, Frames.filter()) == expected)
  }

  @Test("LLC is type 0: every length below 0x0600")
  func llc() throws {
    let filter = Frames.filter(types: [0])
    #expect(try verdict(Frames.make(type: 0x05FF), filter) == .matched)
    #expect(try verdict(Frames.make(type: 0x0600), filter) == .unmatchedEtherType)
  }

  @Test(
    "R-33: the filter decides by destination",
    arguments: [
      (PacketFilter.directed, true, false, false, false),
      (PacketFilter.broadcast, false, true, false, false),
      (PacketFilter.multicast, false, false, true, false),
      (PacketFilter.allMulticast, false, true, true, false),
      (PacketFilter.promiscuous, true, true, true, true),
      (PacketFilter([]), false, false, false, false),
    ])
  func destinations(
    packetFilter: PacketFilter, own: Bool, broadcast: Bool, listed: Bool, foreign: Bool
  ) throws {
    var filter = Frames.filter(packetFilter: packetFilter)
    filter.setGroups([Frames.group])
    let everybody = MACAddress([255, 255, 255, 255, 255, 255])
    let expected = { (isMatch: Bool) -> ReceiveFilter.Verdict in
      isMatch ? .matched : .unmatchedFilter
    }
    #expect(try verdict(Frames.make(to: Frames.own), filter) == expected(own))
    #expect(try verdict(Frames.make(to: everybody), filter) == expected(broadcast))
    #expect(try verdict(Frames.make(to: Frames.group), filter) == expected(listed))
    #expect(try verdict(Frames.make(to: Frames.peer), filter) == expected(foreign))
  }

  @Test("an outgoing frame is heard only by an open that asked for them")
  func outgoing() throws {
    let frame = Frames.make(to: Frames.peer, from: Frames.own)
    #expect(try verdict(frame, Frames.filter(), flags: .outgoing) == .unmatchedDirection)
    let filter = Frames.filter(includesOutgoing: true)
    #expect(try verdict(frame, filter, flags: .outgoing) == .matched)
  }

  @Test("a looped record is its owner's, and nobody else's business")
  func looped() throws {
    var ring = try ReceiveRing(byteCount: 64 << 10)
    let isThere = ring.append(Frames.make(), loopedFor: 1)
    #expect(isThere)
    let own = Frames.filter(owner: 1).verdict(on: ring, at: 0)
    let other = Frames.filter(owner: 2).verdict(on: ring, at: 0)
    #expect(own == .matched)
    #expect(other == .foreign)
  }

  @Test(
    "a verdict that is remembered is the one that would be given",
    arguments: [
      Frames.filter(), Frames.filter(types: [0]), Frames.filter(includesOutgoing: true),
      Frames.filter(packetFilter: .promiscuous, owner: 2),
    ])
  func remembered(filter: ReceiveFilter) throws {
    var ring = try ReceiveRing(byteCount: 64 << 10)
    // Every kind of frame follows every kind, itself too.
    let kinds: [(frame: [UInt8], flags: FrameRecord.Flags, owner: UInt64?)] = [
      (Frames.make(), [], nil), (Frames.make(byteCount: 14), [], nil),
      (Frames.make(byteCount: 13), [], nil), (Frames.make(to: Frames.peer), [], nil),
      (Frames.make(), .outgoing, nil), (Frames.make(), .truncated, nil),
      (Frames.make(type: 0x0040), [], nil), (Frames.make(type: 0x0800), [], nil),
      (Frames.make(tag: 5), .tagPutBack, nil),
      (Frames.make(tag: 5, byteCount: 17), .tagPutBack, nil),
      (Frames.make(type: 0x0800, tag: 5), .tagPutBack, nil),
      (Frames.make(), [], 1), (Frames.make(), [], 2),
    ]
    for first in kinds {
      for second in kinds {
        for kind in [first, second] {
          let isThere = ring.append(kind.frame, flags: kind.flags, loopedFor: kind.owner)
          #expect(isThere)
        }
      }
    }
    var last = ReceiveFilter.LastVerdict()
    var at = ring.head
    var count = 0
    while at < ring.tail {
      let expected = filter.verdict(on: ring, at: at)
      let given = filter.verdict(on: ring, at: at, remembering: &last)
      #expect(given == expected, "record \(count)")
      at = ring.position(after: at)
      count += 1
    }
    #expect(count == 2 * kinds.count * kinds.count)
  }
}
