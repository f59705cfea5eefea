import NDIS
import TestSupport
import Testing
import WDF

@testable import Ndisprot

/// The rules of section 4.5, 4.6 and 11.2 on one open, without a card.
@Suite("Rules of OID requests")
struct OIDRuleTests {
  private func ended(
    _ client: DataPathFixture.Client, _ id: UInt64
  ) throws -> RecordingRequester.Completion {
    try #require(client.requester.completion(of: id))
  }

  private func answer(_ client: DataPathFixture.Client, _ oid: OID) throws -> [UInt8]? {
    let id = try client.query(oid)
    return client.requester.outputs[id]
  }

  @Test("a number that is answered the short way is the one that the long way answers")
  func knownNumbers() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    var known: [OID] = []
    for row in OID.supported {
      let query = OIDRequest.Query(row.oid, room: 4)
      guard let number = client.open.knownNumber(query, port: 0) else { continue }
      known.append(row.oid)
      #expect(row.canQuery && row.facts.isEmpty)
      #expect(try answer(client, row.oid) == [UInt8](littleEndian: number), "\(row.name)")
      #expect(client.open.knownNumber(query, port: 1) == nil)
      #expect(client.open.knownNumber(OIDRequest.Query(row.oid, room: 3), port: 0) == nil)
    }
    #expect(known.contains(.maximumFrameSize) && known.count > 15)
    #expect(!known.contains(.currentAddress) && !known.contains(.rcvOK))
    client.open.bindingGone()
    #expect(client.open.knownNumber(OIDRequest.Query(.maximumFrameSize, room: 4), port: 0) == nil)
  }

  @Test("Q-30, Q-32: a value is written whole, or the room that it needs is said")
  func room() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    for (room, status, written, needed) in [
      (5, CompletionStatus.bufferTooSmall, 0, 6), (6, .success, 6, 0), (100, .success, 6, 0),
    ] {
      let end = try ended(client, client.query(.currentAddress, room: room))
      #expect(end.status == status && end.information == written && end.bytesNeeded == needed)
    }
  }

  @Test(
    "E-4, Q-34, D-55: a set is refused for its OID, its length or its value, each in its own way",
    arguments: [
      (.currentAddress, [2, 0, 0, 0, 0, 1], .oidNotSettable, 0),
      (OID(rawValue: 0xFD01_0101), [0], .notSupported, 0),
      (OID(rawValue: 0x0D01_0108), [0, 0, 0, 0], .notSupported, 0),
      (.currentPacketFilter, [0x0B, 0, 0], .invalidLength, 4),
      (.currentPacketFilter, [0x0B, 0, 0, 0, 0], .invalidLength, 4),
      (.currentPacketFilter, [0x10, 0, 0, 0], .notSupported, 0),
      (.currentLookahead, [0, 0, 0, 0], .invalidParameter, 0),
      (.protocolOptions, [1, 0, 0, 0], .notSupported, 0),
      (.multicastList, [1, 0, 0, 0, 0], .invalidLength, 0),
      (.multicastList, [2, 0, 0, 0, 0, 1], .multicastFull, 0),
      (.addMulticastAddress, [], .invalidLength, 6),
      (.deleteMulticastAddress, [1, 0, 0, 0, 0, 1], .multicastNotFound, 0),
    ] as [(OID, [UInt8], CompletionStatus, Int)])
  func refused(oid: OID, value: [UInt8], status: CompletionStatus, needed: Int) throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let before = (client.open.filter.packetFilter, client.open.groups.addresses)
    let end = try ended(client, client.set(oid, value))
    #expect(end.status == status && end.bytesNeeded == needed && end.information == 0)
    #expect((client.open.filter.packetFilter, client.open.groups.addresses) == before)
    #expect(fixture.card.memberships.isEmpty)
  }

  @Test("E-10: every bit of the packet filter that means something can be set, and no other")
  func filterBits() throws {
    let fixture = try DataPathFixture()
    fixture.card.immediate = .success(AdapterFacts())
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    for bit in 0..<32 as Range<UInt32> {
      let isKnown = [0, 1, 2, 3, 5].contains(bit)
      let end = try ended(
        client, client.set(.currentPacketFilter, [UInt8](littleEndian: UInt32(1) << bit)))
      #expect(end.status == (isKnown ? .success : .notSupported), "bit \(bit)")
    }
  }

  @Test(
    "E-1, E-5, E-9, E-11: numbers are little-endian, texts end with a NUL, states are the specification's",
    arguments: [
      (.hardwareStatus, [0, 0, 0, 0]), (.mediaInUse, [0, 0, 0, 0]),
      (.maximumTotalSize, [0xEA, 5, 0, 0]), (.driverVersion, [0x1E, 6]),
      (.macOptions, [0x4D, 0, 0, 0]), (.mediaConnectStatus, [0, 0, 0, 0]),
      (.mediaConnectStatusEx, [1, 0, 0, 0]), (.physicalMedium, [14, 0, 0, 0]),
      (.adminStatus, [1, 0, 0, 0]), (.currentAddress, [2, 0, 0, 0, 0, 1]),
      (.vendorDescription, [0x76, 0x6E, 0x69, 0x63, 0]),
      (.alias, [0x6E, 0, 0x70, 0, 0x30, 0, 0, 0]), (.promiscuousMode, [0]),
    ] as [(OID, [UInt8])])
  func encodings(oid: OID, value: [UInt8]) throws {
    let fixture = try DataPathFixture()
    fixture.change { $0.driver = "vnic" }
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    #expect(try answer(client, oid) == value)
  }

  @Test(
    "E-9: the medium is a card's, Wi-Fi's, or of what is no card",
    arguments: [(nil, false, 14), (nil, true, 9), ("veth", false, 0)] as [(String?, Bool, UInt8)])
  func medium(kind: String?, isWireless: Bool, medium: UInt8) throws {
    let fixture = try DataPathFixture()
    fixture.change {
      $0.details.kind = kind
      $0.details.isWireless = isWireless
    }
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    for oid in [OID.physicalMedium, .physicalMediumEx] {
      #expect(try answer(client, oid) == [medium, 0, 0, 0])
    }
  }

  @Test(
    "E-9: the operational state is that of RFC 2863, in its numbering and not in Linux's",
    arguments: [(0, 4), (1, 6), (2, 2), (3, 7), (4, 3), (5, 5), (6, 1), (99, 4)]
      as [(UInt8, UInt8)])
  func operational(linux: UInt8, status: UInt8) throws {
    let fixture = try DataPathFixture()
    fixture.change { $0.details.operationalState = linux }
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    #expect(try answer(client, .operationalStatus) == [status, 0, 0, 0])
  }

  // MARK: Power

  @Test("B-38, B-41: low power forgets what was received; power comes back and completes nothing")
  func power() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.deliver([Frames.make(number: 1)])
    fixture.change { $0.isUp = false }
    let read = try client.read()
    fixture.change { $0.isUp = true }
    #expect(client.requester.completion(of: read) == nil)
    fixture.miniport.deliver([Frames.make(number: 2)])
    #expect(client.frames(read) == [Frames.make(number: 2)])
    let counters = Dictionary(uniqueKeysWithValues: fixture.dataPath.counters()[1].values)
    #expect(counters[.rxDropFlushed] == 1)
  }

  @Test("B-39, B-40: in low power frames drop, writes fail, reads pend, and OIDs answer as always")
  func lowPower() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.change { $0.isUp = false }
    fixture.miniport.deliver([Frames.make(number: 1)])
    let counters = Dictionary(uniqueKeysWithValues: fixture.dataPath.counters()[1].values)
    #expect(counters[.rxDropState] == 1)
    let write = try client.write([Frames.make(to: Frames.peer, from: Frames.own)])
    #expect(try ended(client, write).status == .lowPower)
    let read = try client.read()
    #expect(client.requester.completion(of: read) == nil)
    #expect(try answer(client, .hardwareStatus) == [4, 0, 0, 0])
    #expect(try answer(client, .adminStatus) == [2, 0, 0, 0])
    let asked = try client.query(.rcvOK)
    fixture.card.answer()
    #expect(try ended(client, asked).status == .success)
    let set = try client.set(.currentPacketFilter, [1, 0, 0, 0])
    #expect(try ended(client, set).status == .success)
  }

  @Test("B-42: what the adapter says in low power is kept, and so is the link")
  func indications() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.change { $0.isUp = false }
    fixture.change { $0.link = .disconnected }
    fixture.dataPath.indicate(.linkState(.disconnected))
    #expect(client.open.indications.first == .linkState(.disconnected))
    #expect(try answer(client, .mediaConnectStatusEx) == [2, 0, 0, 0])
    #expect(try answer(client, .mediaSenseCounts) == [1, 0, 0, 0])
  }
}
