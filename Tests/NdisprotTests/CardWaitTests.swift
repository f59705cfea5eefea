import MDL
import NDIS
import TestSupport
import Testing
import WDF

@testable import Ndisprot

/// Requests that wait until the card has answered.
@Suite("OID requests that ask the card")
struct CardWaitTests {
  private let group: [UInt8] = [0x01, 0x80, 0xC2, 0, 0, 3]

  @Test("a request ends when the card has answered, and as the card has answered")
  func answered() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let id = try client.query(.rcvOK)
    #expect(client.requester.completion(of: id) == nil)
    #expect(client.file.isPending(id))
    fixture.card.answer()
    #expect(client.requester.completion(of: id)?.status == .success)
    for (error, status) in [
      (CardError.gone, CompletionStatus.adapterRemoved), (.timedOut, .timedOut),
      (.refused, .openFailed), (.ending, .cancelled),
    ] {
      let id = try client.query(.rcvOK)
      fixture.card.answer(.failure(error))
      #expect(client.requester.completion(of: id)?.status == status)
      #expect(client.requester.outputs[id] == nil)
    }
  }

  @Test("a cancelled request is complete, and the answer to it answers no later one of its id")
  func cancelled() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let id = try client.query(.rcvOK)
    #expect(client.open.cancel(id))
    #expect(client.requester.completion(of: id)?.status == .cancelled)
    let next = try client.query(.statistics)
    fixture.card.answer()
    #expect(client.requester.completion(of: next)?.information == 152)
    #expect(client.requester.completions.count == 2)
  }

  @Test("D-52: closing the open and unbinding end what waits, once; a pause does not wait for it")
  func ends() throws {
    let fixture = try DataPathFixture()
    let first = try DataPathFixture.Client(fixture, OpenOptions())
    let second = try DataPathFixture.Client(fixture, OpenOptions())
    let closed = try first.query(.rcvOK)
    let unbound = try second.query(.rcvOK)
    let isDraining = Flag()
    _ = fixture.binding.handle(.pause)
    fixture.dataPath.drain { _ in isDraining.clear() }
    #expect(!isDraining.isSet)
    #expect(second.requester.completion(of: unbound) == nil)
    first.open.close()
    #expect(first.requester.completion(of: closed)?.status == .cancelled)
    _ = fixture.binding.handle(.unbind)
    fixture.dataPath.unbind()
    #expect(second.requester.completion(of: unbound)?.status == .adapterRemoved)
    fixture.card.answer()
    #expect(first.requester.completions.count + second.requester.completions.count == 2)
  }

  @Test("the 65th request that waits is refused")
  func tooMany() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    for _ in 0..<64 { _ = try client.query(.rcvOK) }
    let id = try client.query(.rcvOK)
    #expect(client.requester.completion(of: id)?.status == .tooManyRequests)
    fixture.card.answer()
    #expect(client.requester.completions.count == 65)
  }

  @Test("promiscuous mode is given back also by who could not set it: too many requests waited")
  func tooManyToGiveBack() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    _ = try client.set(.currentPacketFilter, [0x20, 0, 0, 0])
    fixture.card.answer()
    for _ in 0..<64 { _ = try client.query(.rcvOK) }
    let id = try client.set(.currentPacketFilter, [0x01, 0, 0, 0])
    #expect(client.requester.completion(of: id)?.status == .tooManyRequests)
    #expect(fixture.card.memberships.map(\.isPromiscuous) == [true])
    client.open.close()
    #expect(fixture.card.memberships.map(\.isPromiscuous) == [true, false])
    fixture.card.answer()
  }

  @Test(
    "the card hears what the opens want together, once, and again when the last wants it no more")
  func memberships() throws {
    let fixture = try DataPathFixture()
    fixture.card.immediate = .success(AdapterFacts())
    var expected: [MembershipSet] = []
    func expect(_ change: (inout MembershipSet) -> Void) {
      var wanted = expected.last ?? MembershipSet()
      change(&wanted)
      expected.append(wanted)
      #expect(fixture.card.memberships == expected)
    }
    let first = try DataPathFixture.Client(fixture, OpenOptions())
    let second = try DataPathFixture.Client(fixture, OpenOptions())
    #expect(fixture.card.memberships.isEmpty)
    for client in [first, second] {
      let id = try client.set(.currentPacketFilter, [0x2B, 0, 0, 0])
      #expect(client.requester.completion(of: id)?.status == .success)
    }
    expect { $0.isPromiscuous = true }
    for client in [first, second] { _ = try client.set(.addMulticastAddress, group) }
    expect { $0.groups = [MACAddress([0x01, 0x80, 0xC2, 0, 0, 3])] }
    _ = try first.set(.multicastList, [])
    first.open.close()
    #expect(fixture.card.memberships == expected)
    _ = try second.set(.currentPacketFilter, [0x06, 0, 0, 0])
    expect {
      $0.isPromiscuous = false
      $0.hearsAllGroups = true
    }
    _ = try second.set(.currentPacketFilter, [0x01, 0, 0, 0])
    expect { $0 = MembershipSet() }
    _ = try second.set(.currentPacketFilter, [0x02, 0, 0, 0])
    expect { $0.groups = [MACAddress([0x01, 0x80, 0xC2, 0, 0, 3])] }
    second.open.close()
    expect { $0 = MembershipSet() }
  }

  @Test(
    "E-4: a set is all or nothing: what the card refuses is neither the open's nor the card's, and can be set again",
    arguments: [
      (.addMulticastAddress, [0x01, 0x80, 0xC2, 0, 0, 3]), (.multicastList, [1, 0, 0, 0, 0, 9]),
      (.currentPacketFilter, [0x20, 0, 0, 0]), (.currentPacketFilter, [0x04, 0, 0, 0]),
    ] as [(OID, [UInt8])])
  func refusedMembership(oid: OID, value: [UInt8]) throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    for error in [CardError.refused, .timedOut, .gone, .ending] {
      let id = try client.set(oid, value)
      #expect(client.requester.completion(of: id) == nil)
      // Nothing is heard yet.
      #expect(client.open.filter.packetFilter == .atOpen && client.open.groups.addresses.isEmpty)
      fixture.card.answer(.failure(error))
      #expect(client.requester.completion(of: id)?.status == error.completion)
      #expect(client.open.filter.packetFilter == .atOpen && client.open.groups.addresses.isEmpty)
      // It may have done a part of it: it is asked for what there was before.
      #expect(fixture.card.memberships.last == MembershipSet())
      fixture.card.answer()
    }
    let count = fixture.card.memberships.count
    let again = try client.set(oid, value)
    #expect(client.requester.completion(of: again) == nil)
    fixture.card.answer()
    #expect(client.requester.completion(of: again)?.status == .success)
    #expect(fixture.card.memberships.count == count + 1)
    let isHeard =
      client.open.filter.packetFilter != .atOpen || !client.open.groups.addresses.isEmpty
    #expect(isHeard)
  }

  @Test("of two sets that wait, the one that the card refuses leaves no trace in the other")
  func refusedAmongSets() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let groups = [MACAddress([1, 0, 0, 0, 0, 1]), MACAddress([1, 0, 0, 0, 0, 2])]
    let first = try client.set(.addMulticastAddress, [1, 0, 0, 0, 0, 1])
    let second = try client.set(.addMulticastAddress, [1, 0, 0, 0, 0, 2])
    #expect(fixture.card.memberships.last?.groups == Set(groups))
    fixture.card.answerOldest(.failure(.refused))
    fixture.card.answerOldest()
    #expect(client.requester.completion(of: first)?.status == .openFailed)
    #expect(client.requester.completion(of: second)?.status == .success)
    #expect(client.open.groups.addresses == [groups[1]])
    #expect(fixture.card.memberships.last?.groups == [groups[1]])
    fixture.card.answer()
  }

  @Test("a set that is cancelled while the card is asked is not made, and given back")
  func cancelledSet() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let id = try client.set(.currentPacketFilter, [0x20, 0, 0, 0])
    #expect(client.open.cancel(id))
    fixture.card.answer()
    #expect(client.requester.completion(of: id)?.status == .cancelled)
    #expect(client.open.filter.packetFilter == .atOpen)
    #expect(fixture.card.memberships.map(\.isPromiscuous) == [true, false])
    fixture.card.answer()
  }

  @Test("who wants what another has just asked for waits for the card, too; other sets do not")
  func sameMembership() throws {
    let fixture = try DataPathFixture()
    let first = try DataPathFixture.Client(fixture, OpenOptions())
    let second = try DataPathFixture.Client(fixture, OpenOptions())
    let asked = try first.set(.addMulticastAddress, group)
    let same = try second.set(.addMulticastAddress, group)
    let other = try second.set(.currentLookahead, [100, 0, 0, 0])
    #expect(second.requester.completion(of: other)?.status == .success)
    #expect(second.requester.completion(of: same) == nil)
    fixture.card.answer(.failure(.refused))
    #expect(first.requester.completion(of: asked)?.status == .openFailed)
    #expect(second.requester.completion(of: same)?.status == .openFailed)
    fixture.card.answer()
    let again = try second.set(.multicastList, group)
    #expect(second.requester.completion(of: again) == nil)
    fixture.card.answer()
    #expect(second.requester.completion(of: again)?.status == .success)
    // Now it has followed: who wants the same has it.
    let last = try first.set(.multicastList, group)
    #expect(first.requester.completion(of: last)?.status == .success)
  }

  @Test("what the card refused to give back is asked for again with the next change")
  func refusedGiveBack() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let other = try DataPathFixture.Client(fixture, OpenOptions())
    _ = try other.set(.addMulticastAddress, group)
    fixture.card.answer()
    other.open.close()
    #expect(fixture.card.memberships.last == MembershipSet())
    fixture.card.answer(.failure(.refused))
    let count = fixture.card.memberships.count
    let again = try client.set(.addMulticastAddress, group)
    #expect(fixture.card.memberships.count == count + 1)
    #expect(client.requester.completion(of: again) == nil)
    fixture.card.answer()
    #expect(client.requester.completion(of: again)?.status == .success)
  }

  @Test("without the right, promiscuous mode is denied, and lost with the right")
  func promiscuousRight() throws {
    let fixture = try DataPathFixture()
    fixture.card.immediate = .success(AdapterFacts())
    func policy(_ rights: AccessRights) -> AccessPolicy {
      AccessPolicy([
        AccessRule(
          name: "r", origin: "test", subject: .user(1000),
          interface: InterfaceMatch(name: .like("*")), etherTypes: EtherTypeSet([0xFFFF]),
          vlans: .any, rights: rights)
      ])
    }
    func grant(_ policy: AccessPolicy) throws -> AccessGrant {
      var options = OpenOptions()
      return try policy.grant(
        &options, isDevice: false,
        to: Credentials(processID: 1, userID: 1000, groupID: 1000, groups: []),
        on: fixture.attributes)
    }
    let without = policy(.all.subtracting(.promiscuous))
    let poor = try DataPathFixture.Client(fixture, OpenOptions(), try grant(without))
    let denied = try poor.set(.currentPacketFilter, [0x20, 0, 0, 0])
    #expect(poor.requester.completion(of: denied)?.status == .notPermitted)
    #expect(poor.open.filter.packetFilter == .atOpen && fixture.card.memberships.isEmpty)

    let rich = try DataPathFixture.Client(fixture, OpenOptions(), try grant(policy(.all)))
    let granted = try rich.set(.currentPacketFilter, [0x20, 0, 0, 0])
    #expect(rich.requester.completion(of: granted)?.status == .success)
    #expect(fixture.card.memberships.last?.isPromiscuous == true)
    #expect(rich.open.follow(without) == .changed)
    #expect(fixture.card.memberships.last == MembershipSet())
    #expect(rich.open.filter.packetFilter == [])
  }
}
