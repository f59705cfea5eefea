import FoundationEssentials
import Glibc
import NDIS
import Testing

@Suite(
  "What the card is told to hear", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct MembershipTests {
  private static let group = "0180c2000003"
  private static let foreignGroup = "0180c2000099"
  private static let promiscuous = "2b000000"
  private static let body = "888e" + String(repeating: "00", count: 46)

  /// Root may have every right; the clients of the other tests have none to promiscuous mode.
  private func open(_ lab: Lab) throws -> ControlSession { try lab.makeClient(as: .owner).open() }

  private func promiscuity(_ lab: Lab, _ name: String = "np0") throws -> Int {
    try #require(try lab.links().first { $0.ifname == name }?.promiscuity)
  }

  private func allGroups(_ lab: Lab) throws -> Int {
    try #require(try lab.links().first { $0.ifname == "np0" }?.allmulti)
  }

  /// The groups that the card of an interface was told, as `ip maddr` lists them.
  private func groups(_ lab: Lab, _ name: String = "np0") throws -> [String] {
    let words = lab.nearWords(["ip", "maddr", "show", "dev", name])
    let outcome = try ChildProcess.run(words, errorPath: lab.filePath("maddr"))
    return outcome.lines.map { $0.split(whereSeparator: \.isWhitespace) }
      .filter { $0.first == "link" }
      .map { $0.dropFirst().joined(separator: " ") }
  }

  private func packetSockets(_ lab: Lab) throws -> Int {
    let words = lab.nearWords(["cat", "/proc/self/net/packet"])
    return try ChildProcess.run(words, errorPath: lab.filePath("packet")).lines.count - 1
  }

  @Test("A-36: with ALL_MULTICAST any group is heard, and the card is told so until the close")
  func allMulticast() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      #expect(try session.set(.currentPacketFilter, "04000000").status == .success)
      let read = try session.startRead()
      try lab.peer.send(Self.foreignGroup + Frame.far + Self.body)
      #expect(
        try session.reply(to: read).frames == [Self.foreignGroup + Frame.far + Self.body])
      #expect(try promiscuity(lab) == 0 && allGroups(lab) == 1)
      #expect(try session.closeDevice().status == .success)
      try eventually("as before") { try allGroups(lab) == 0 }
    }
  }

  @Test(
    "A-36: PROMISCUOUS hears foreign unicast, the interface is promiscuous once more, and back at close",
    .needsSeveralUsers)
  func promiscuousMode() throws {
    try Lab.run { lab in
      let before = try promiscuity(lab)
      let session = try open(lab)
      let foreign = Frame.foreign + Frame.far + Self.body
      try lab.peer.send(foreign)
      let read = try session.startRead()
      #expect(try session.isPending(read))
      #expect(try session.set(.currentPacketFilter, Self.promiscuous).status == .success)
      #expect(try promiscuity(lab) == before + 1)
      try lab.peer.send(foreign)
      #expect(try session.reply(to: read).frames == [foreign])
      // Whoever watches is told by rtnetlink; the OID follows.
      try eventually("the OID") { try session.query(.promiscuousMode).payload.hasSuffix("01") }
      #expect(try session.closeDevice().status == .success)
      try eventually("as before") { try promiscuity(lab) == before }
    }
  }

  @Test(
    "A-36: without the right promiscuous mode is denied, and nothing happens", .needsSeveralUsers)
  func denied() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      #expect(try session.set(.currentPacketFilter, Self.promiscuous).status == .notPermitted)
      #expect(try promiscuity(lab) == 0)
    }
  }

  @Test("two opens that are promiscuous make the interface so once; the last one gives it back")
  func shared() throws {
    try Lab.run { lab in
      let first = try open(lab)
      let second = try open(lab)
      for session in [first, second] {
        #expect(try session.set(.currentPacketFilter, Self.promiscuous).status == .success)
        #expect(try promiscuity(lab) == 1)
      }
      #expect(try first.closeDevice().status == .success)
      #expect(try second.set(.currentLookahead, "00010000").status == .success)
      #expect(try promiscuity(lab) == 1)
      #expect(try second.set(.currentPacketFilter, "0b000000").status == .success)
      #expect(try promiscuity(lab) == 0)
    }
  }

  @Test(
    "groups of the list are joined and left at the card, each once, however many opens list them")
  func lists() throws {
    try Lab.run { lab in
      let before = try groups(lab)
      let first = try lab.client.open()
      let second = try lab.client.open()
      for session in [first, second] {
        #expect(try session.set(.addMulticastAddress, Self.group).status == .success)
        #expect(try groups(lab) == before + ["01:80:c2:00:00:03"])
      }
      #expect(try first.set(.multicastList, "0180c200000e").status == .success)
      #expect(
        try Set(groups(lab)) == Set(before + ["01:80:c2:00:00:03", "01:80:c2:00:00:0e"]))
      #expect(try second.set(.deleteMulticastAddress, Self.group).status == .success)
      #expect(try groups(lab) == before + ["01:80:c2:00:00:0e"])
      #expect(try first.set(.multicastList, "").status == .success)
      #expect(try groups(lab) == before)
    }
  }

  @Test(
    "B7: a client that is killed leaves neither mode nor group, and P12: no socket without an open")
  func killed() throws {
    try Lab.run { lab in
      let before = try groups(lab)
      #expect(try packetSockets(lab) == 0)
      let client = lab.makeClient(as: .owner)
      let session = try client.open()
      let idle = try client.open(types: [])
      #expect(try session.set(.currentPacketFilter, "2f000000").status == .success)
      #expect(try session.set(.addMulticastAddress, Self.group).status == .success)
      #expect(try idle.set(.addMulticastAddress, Self.group).status == .success)
      #expect(try promiscuity(lab) == 1 && groups(lab).count == before.count + 1)
      try client.kill()
      try eventually("as before") { try promiscuity(lab) == 0 && groups(lab) == before }
      try eventually("no socket") { try packetSockets(lab) == 0 }
    }
  }

  @Test("an interface that goes meanwhile leaves nothing behind, and its successor starts afresh")
  func interfaceGoes() throws {
    try Lab.run(Lab.Options(ownsWire: false)) { lab in
      let session = try open(lab)
      for round in 0..<5 {
        #expect(try session.set(.currentPacketFilter, "2f000000").status == .success)
        #expect(try session.set(.addMulticastAddress, Self.group).status == .success)
        let asked = try (0..<20).map { _ in
          try session.startControl(
            .queryOIDValue, ControlSession.oidHeader(.statistics), room: 1_024)
        }
        try lab.ip("link delete np0")
        for id in asked {
          let status = try session.reply(to: id).status
          #expect([.success, .adapterRemoved, .notBound].contains(status), "\(round): \(status)")
        }
        try eventually("unbound") {
          try session.set(.currentPacketFilter, "0b000000").status == .notBound
        }
        #expect(try session.closeDevice().status == .success)
        try eventually("no socket") { try packetSockets(lab) == 0 }
        try lab.layCable(0)
        #expect(try session.wait(for: ["np0"], milliseconds: 60_000).status == .success)
        #expect(try session.open("np0").status == .success)
        #expect(try promiscuity(lab) == 0)
      }
    }
  }

  @Test("filters that change all the while leave the card as the last one says")
  func storm() throws {
    try Lab.run { lab in
      let session = try open(lab)
      let ids = try (0..<60).map { index in
        try session.startControl(
          .setOIDValue,
          ControlSession.oidHeader(.currentPacketFilter)
            + (index % 2 == 0 ? Self.promiscuous : "0b000000"))
      }
      for id in ids { #expect(try session.reply(to: id).status == .success) }
      #expect(try promiscuity(lab) == 0)
      #expect(try session.set(.currentPacketFilter, Self.promiscuous).status == .success)
      #expect(try promiscuity(lab) == 1)
    }
  }
}
