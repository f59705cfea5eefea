import MDL
import NDIS
import TestSupport
import Testing

@testable import Ndisprot

/// Values of OIDs for which the card is asked, byte by byte.
@Suite("OID values")
struct OIDValueTests {
  private static let facts = {
    var facts = AdapterFacts()
    facts.link.bitsPerSecond = 2_500_000_000
    facts.link.maximumBitsPerSecond = 10_000_000_000
    facts.link.duplex = .full
    facts.link.pause = .sendAndReceive
    facts.link.autoNegotiation = [.mode, .pause]
    facts.statistics.receivedFrames = 0x1_0000_0002
    facts.statistics.sentFrames = 3
    facts.statistics.receivedBytes = 0x0102_0304_0506_0708
    facts.statistics.sentBytes = 0x1112_1314_1516_1718
    facts.statistics.receiveErrors = 4
    facts.statistics.sendErrors = 5
    facts.statistics.receiveDropped = 6
    facts.statistics.receiveMissed = 7
    facts.statistics.sendDropped = 8
    facts.statistics.receivedMulticastFrames = 9
    facts.statistics.collisions = 10
    facts.statistics.receiveCRCErrors = 11
    facts.statistics.receiveFrameErrors = 12
    facts.statistics.sendAborted = 13
    facts.statistics.receiveOverErrors = 14
    facts.statistics.receiveFIFOErrors = 15
    facts.statistics.sendFIFOErrors = 16
    facts.statistics.sendHeartbeatErrors = 17
    facts.statistics.sendCarrierErrors = 18
    facts.statistics.sendWindowErrors = 19
    facts.traffic.captureDrops = 20
    facts.traffic.waitingFrames = 21
    facts.traffic.captureRingByteCount = 16 << 20
    return facts
  }()

  private func ask(
    _ oid: OID, room: Int = 1_024, _ facts: AdapterFacts = facts
  ) throws -> (status: CompletionStatus, value: [UInt8], needed: Int) {
    let fixture = try DataPathFixture()
    fixture.card.immediate = .success(facts)
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let id = try client.query(oid, room: room)
    let end = try #require(client.requester.completion(of: id))
    return (end.status, client.requester.outputs[id] ?? [], end.bytesNeeded)
  }

  @Test(
    "A-65: RCV_OK has 8 bytes, its lower 4 for who has room for 4 to 7, and none for less",
    arguments: [
      (room: 3, status: .invalidLength, value: [], needed: 8),
      (room: 4, status: .success, value: [2, 0, 0, 0], needed: 8),
      (room: 7, status: .success, value: [2, 0, 0, 0], needed: 8),
      (room: 8, status: .success, value: [2, 0, 0, 0, 1, 0, 0, 0], needed: 0),
      (room: 9, status: .success, value: [2, 0, 0, 0, 1, 0, 0, 0], needed: 0),
    ] as [(room: Int, status: CompletionStatus, value: [UInt8], needed: Int)])
  func counterRoom(room: Int, status: CompletionStatus, value: [UInt8], needed: Int) throws {
    let end = try ask(.rcvOK, room: room)
    #expect(end.status == status && end.value == value && end.needed == needed)
  }

  @Test("E-6, A-67: LINK_STATE is 40 bytes")
  func linkState() throws {
    #expect(
      try ask(.linkState).value == [
        0x80, 1, 40, 0, 1, 0, 0, 0,  // header, connected
        2, 0, 0, 0, 0, 0, 0, 0,  // full duplex, pad
        0x00, 0xF9, 0x02, 0x95, 0, 0, 0, 0,  // 2.5 Gbit/s out
        0x00, 0xF9, 0x02, 0x95, 0, 0, 0, 0,  // and in
        3, 0, 0, 0, 0x0F, 0, 0, 0,  // both pause functions, all negotiated
      ])
    let unknown = try ask(.linkState, AdapterFacts()).value
    #expect(unknown[16..<32].allSatisfy { $0 == 0xFF } && unknown[32] == 4)
    #expect(try ask(.linkState, room: 39).needed == 40)
  }

  @Test(
    "E-7, E-8, A-66: STATISTICS is 152 bytes, and what Linux does not count is 0 and so is its bit")
  func statistics() throws {
    let value = try ask(.statistics).value
    #expect(value.count == 152)
    #expect(Array(value.prefix(8)) == [0x80, 1, 152, 0, 0x3A, 0x86, 0, 0])
    let fields = stride(from: 8, to: 152, by: 8).map { start in
      value[start..<(start + 8)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    #expect(
      fields == [
        13, 4, 0x0102_0304_0506_0708, 0, 9, 0, 0x1112_1314_1516_1718, 0, 0, 0, 5, 8, 0, 0, 0, 0, 0,
        0,
      ])
    var without = Self.facts
    without.statistics.receivedMulticastFrames = 0
    #expect(try ask(.statistics, without).value[4] == 0x38)
    #expect(try ask(.statistics, room: 151).status == .bufferTooSmall)
  }

  @Test(
    "11.3: every other value of the card has its source and its length",
    arguments: [
      (.linkSpeed, 4, 25_000_000), (.xmitLinkSpeed, 8, 2_500_000_000),
      (.rcvLinkSpeed, 8, 2_500_000_000), (.mediaDuplexState, 4, 2), (.xmitOK, 8, 3),
      (.xmitError, 8, 5), (.rcvError, 8, 4), (.rcvNoBuffer, 8, 33), (.rcvCRCError, 8, 11),
      (.bytesRcv, 8, 0x0102_0304_0506_0708), (.bytesXmit, 8, 0x1112_1314_1516_1718),
      (.rcvDiscards, 8, 13), (.xmitDiscards, 8, 8), (.transmitQueueLength, 8, 21),
      (.receiveBufferSpace, 4, 16 << 20), (.rcvErrorAlignment, 4, 12), (.xmitOneCollision, 4, 0),
      (.xmitMoreCollisions, 4, 10), (.xmitDeferred, 4, 0), (.xmitMaxCollisions, 4, 13),
      (.rcvOverrun, 4, 29), (.xmitUnderrun, 4, 16), (.xmitHeartbeatFailure, 4, 17),
      (.xmitTimesCRSLost, 4, 18), (.xmitLateCollisions, 4, 19),
    ] as [(OID, Int, UInt64)])
  func values(oid: OID, byteCount: Int, number: UInt64) throws {
    let value = try ask(oid).value
    #expect(value.count == byteCount)
    #expect(value.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) } == number)
  }

  @Test("speeds in pairs are those of sending and receiving; nobody's is 0, or all ones")
  func speeds() throws {
    let current = try ask(.linkSpeedEx).value
    #expect(current == [UInt8](littleEndian: 2_500_000_000 as UInt64, 2_500_000_000))
    let most = try ask(.maxLinkSpeed).value
    #expect(most == [UInt8](littleEndian: 10_000_000_000 as UInt64, 10_000_000_000))
    #expect(try ask(.linkSpeed, AdapterFacts()).value == [0, 0, 0, 0])
    #expect(try ask(.xmitLinkSpeed, AdapterFacts()).value.allSatisfy { $0 == 0xFF })
    var fast = Self.facts
    fast.link.bitsPerSecond = 800_000_000_000_000
    #expect(try ask(.linkSpeed, fast).value == [0xFF, 0xFF, 0xFF, 0xFF])
  }

  @Test("no OID that can be queried has an empty value, and each asks only what it needs")
  func everyOID() throws {
    for row in OID.supported where row.canQuery {
      let fixture = try DataPathFixture()
      let client = try DataPathFixture.Client(fixture, OpenOptions())
      _ = try client.set(.addMulticastAddress, [1, 0x80, 0xC2, 0, 0, 3])
      fixture.card.answer()
      let id = try client.query(row.oid)
      #expect(fixture.card.asked.map(\.facts) == (row.facts.isEmpty ? [] : [row.facts]))
      fixture.card.answer(.success(Self.facts))
      #expect(client.requester.completion(of: id)?.status == .success, "\(row.name)")
      #expect(client.requester.outputs[id]?.isEmpty == false, "\(row.name)")
    }
  }

  @Test(
    "frames that come in runs are counted by whom they are for, also while a run goes on, and those that a pause drops"
  )
  func trafficInRuns() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let group = MACAddress([0x01, 0x80, 0xC2, 0, 0, 3])
    func received(_ destination: MACAddress, _ count: Int, _ byteCount: Int, flags: UInt32 = 0) {
      let frame = Frames.make(to: destination, byteCount: byteCount)
      fixture.miniport.deliver(Array(repeating: frame, count: count), flags: flags)
    }
    func expect(_ multicast: (UInt64, UInt64), _ broadcast: (UInt64, UInt64)) {
      let counts = fixture.dataPath.traffic.received
      #expect(counts.directed == TrafficCounts.Pair(frames: 40, bytes: 40 * 60))
      #expect(counts.multicast == TrafficCounts.Pair(frames: multicast.0, bytes: multicast.1))
      #expect(counts.broadcast == TrafficCounts.Pair(frames: broadcast.0, bytes: broadcast.1))
    }
    received(Frames.own, 40, 60)
    received(group, 30, 100)
    expect((30, 3_000), (0, 0))
    received(group, 30, 200)
    received(.broadcast, 20, 300)
    expect((60, 9_000), (20, 6_000))
    received(group, 10, 60, flags: FrameRecord.Flags.outgoing.rawValue)
    expect((60, 9_000), (20, 6_000))
    fixture.change { $0.isUp = false }
    received(group, 5, 60)
    fixture.change { $0.isUp = true }
    received(group, 1, 60)
    expect((66, 9_360), (20, 6_000))
    _ = fixture.dataPath.counters()
    #expect(client.open.counters().values.first { $0.0 == .rxDropState }?.1 == 5)
  }

  @Test("frames are counted by whom they are for, in both directions, and add up")
  func traffic() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let group = MACAddress([0x01, 0x80, 0xC2, 0, 0, 3])
    let nearly = MACAddress([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE])
    fixture.miniport.deliver([
      Frames.make(to: Frames.own), Frames.make(to: group), Frames.make(to: .broadcast),
      Frames.make(to: nearly), Frames.make(to: Frames.own), [1, 2, 3],
    ])
    fixture.miniport.deliver([Frames.make(to: group)], flags: FrameRecord.Flags.outgoing.rawValue)
    _ = try client.write([
      Frames.make(to: .broadcast, from: Frames.own), Frames.make(to: Frames.peer, from: Frames.own),
      Frames.make(to: group, from: Frames.own),
    ])
    let byteCount = UInt64(Frames.make().count)
    func expect(_ traffic: BindingTraffic) {
      #expect(traffic.received.directed == TrafficCounts.Pair(frames: 3, bytes: 2 * byteCount + 3))
      #expect(traffic.received.multicast == TrafficCounts.Pair(frames: 2, bytes: 2 * byteCount))
      #expect(traffic.received.broadcast == TrafficCounts.Pair(frames: 1, bytes: byteCount))
      #expect(traffic.sent.directed == TrafficCounts.Pair(frames: 1, bytes: byteCount))
      #expect(traffic.sent.multicast == TrafficCounts.Pair(frames: 1, bytes: byteCount))
      #expect(traffic.sent.broadcast == TrafficCounts.Pair(frames: 1, bytes: byteCount))
    }
    expect(fixture.dataPath.traffic)
    #expect(fixture.dataPath.traffic.captureRingByteCount == 1 << 20)
    client.open.close()
    fixture.dataPath.close()
    expect(fixture.binding.idleTraffic)
  }
}
