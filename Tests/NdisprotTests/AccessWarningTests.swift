import MDL
import NDIS
import TestSupport
import Testing

@testable import Ndisprot

@Suite("What a policy says and most likely does not mean")
struct AccessWarningTests {
  private static func rule(
    _ name: String, _ subject: AccessRule.Subject = .user(1), on pattern: String = "np*",
    _ types: [UInt16] = [0xFFFF], _ rights: AccessRights = [.read, .write]
  ) -> AccessRule {
    AccessRule(
      name: name, origin: "x:\(name)", subject: subject,
      interface: InterfaceMatch(name: .like(NamePattern(stringLiteral: pattern))),
      etherTypes: EtherTypeSet(types),
      rights: rights)
  }

  private func warned(_ rules: [AccessRule]) -> [Int] {
    AccessPolicy(rules).warnings(bound: [InterfaceMatch(name: .like("np*"))]).map(\.index)
  }

  @Test("a rule that others decide for in all it names is hidden, one with something left is not")
  func hidden() {
    #expect(warned([Self.rule("wide"), Self.rule("b", on: "np0", [0x88B5])]) == [1])
    #expect(warned([Self.rule("a", on: "np0", [0x88B5]), Self.rule("wide")]) == [])
    #expect(
      warned([
        Self.rule("a", .user(1), [1_536]), Self.rule("b", .user(1), [1_537]),
        Self.rule("c", .user(1), [1_536, 1_537]),
      ])
        == [2])
    #expect(warned([Self.rule("a", .everybody), Self.rule("b", .group(7))]) == [1])
    #expect(warned([Self.rule("a", .group(7)), Self.rule("b", .everybody)]) == [])
    #expect(warned([Self.rule("a", .nobody), Self.rule("b", .nobody)]) == [])
    #expect(warned([Self.rule("a", on: "np?"), Self.rule("b", on: "np*")]) == [])
  }

  @Test(
    "of twenty thousand rules and five thousand bindings some are looked through, and warned about",
    .timeLimit(.minutes(5)), arguments: [false, true])
  func many(areAlike: Bool) {
    let types = (0..<16).map { UInt16(0x8000 + $0) }
    let rules = (0..<20_000).map { number in
      Self.rule("\(number)", on: areAlike ? "np*" : "np\(number)a?*b*", types)
    }
    let bound = (0..<5_000).map { number in
      InterfaceMatch(name: .like(NamePattern(stringLiteral: areAlike ? "x*" : "x*\(number)?*y")))
    }
    let warnings = AccessPolicy(rules).warnings(bound: bound)
    #expect(warnings.contains { $0.text.hasPrefix("it never decides") } == areAlike)
    #expect(warnings.contains { $0.text.hasPrefix("no [[binding]]") })
  }

  @Test(
    "a right, or a limit, without what it needs is named",
    arguments: [
      ([.read, .promiscuous], 1), ([.read, .promiscuous, .setOID], 0), ([.write, .allFrames], 1),
      ([.write, .join], 1), ([.read, .join], 0), ([.read, .anySource], 1),
      ([.read, .exclusive], 1), ([.read, .priority], 1), ([.write, .priority], 0),
      ([], 0),
    ] as [(AccessRights, Int)])
  func rights(_ rights: AccessRights, count: Int) {
    #expect(warned([Self.rule("a", .user(1), [0x88B5], rights)]).count == count)
  }

  @Test("a rule for root, and one for an interface that is not bound")
  func useless() {
    #expect(warned([Self.rule("a", .user(0))]) == [0])
    #expect(warned([Self.rule("a", on: "eth0")]) == [0])
    #expect(warned([Self.rule("a", on: "*0")]) == [])
  }

  @Test(
    "patterns: what one covers, and what both can mean",
    arguments: [
      ("*", "np*", true, true), ("np*", "np0", true, true), ("np*", "np?", true, true),
      ("np?", "np*", false, true), ("np0", "np*", false, true), ("*0", "np*", false, true),
      ("a*b", "a*", false, true), ("a*", "b*", false, false), ("?", "??", false, false),
      ("a*b*", "aXbY", true, true), ("np*", "np", true, true), ("", "*", false, true),
    ])
  func patterns(_ one: String, _ other: String, covers: Bool, meets: Bool) {
    let match = InterfaceMatch(name: .like(NamePattern(stringLiteral: one)))
    let wanted = InterfaceMatch(name: .like(NamePattern(stringLiteral: other)))
    #expect(match.covers(wanted) == covers)
    #expect(match.canMeet(wanted) == meets)
    #expect(wanted.canMeet(match) == meets)
    #expect(match.covers(match))
  }

  @Test("notes for one client: a rule that does not come to decide, and rights without effect")
  func notes() throws {
    let fixture = try DataPathFixture()
    func notes(_ rules: [AccessRule], groups: [UInt32] = []) -> [String] {
      let client = Credentials(processID: 1, userID: 1, groupID: 9, groups: groups)
      return AccessPolicy(rules).notes(for: client, on: fixture.attributes, 0x88B5)
    }
    let wide = Self.rule("wide", on: "*")
    let narrow = Self.rule("narrow", .group(7), on: "*", [0x88B5])
    #expect(notes([wide, narrow]) == [])
    #expect(
      notes([wide, narrow], groups: [7]) == [
        "rule \"narrow\" (x:narrow): it does not decide here: rule \"wide\" (x:wide) comes first"
      ])
    #expect(notes([Self.rule("a", .user(2), on: "*", [0x88B5], [.promiscuous])]) == [])
    #expect(notes([Self.rule("a", on: "*", [0x88B5], [.read, .promiscuous])]).count == 1)
  }
}

@Suite("Rules that name addresses")
struct AddressRuleTests {
  @Test(
    "a named source may send beside the own one, no other; a named destination alone is sent to")
  func addresses() throws {
    let fixture = try DataPathFixture()
    var rule = AccessPolicyTests.rule("a", .user(1000), [0x888E], .any, [.read, .write])
    rule.sources = [MACAddress([2, 0, 0, 0, 0, 9])]
    rule.destinations = [Frames.peer]
    let client = try DataPathFixture.Client(
      fixture, OpenOptions(etherTypes: .eapol),
      AccessGrant([rule], for: EtherTypeSet([0x888E])))
    func status(to: MACAddress, from: MACAddress) throws -> CompletionStatus? {
      client.requester.completion(of: try client.write([Frames.make(to: to, from: from)]))?.status
    }
    let other = MACAddress([2, 0, 0, 0, 0, 8])
    let named = MACAddress([2, 0, 0, 0, 0, 9])
    // Again and again: what passed last is not taken for what comes next.
    for _ in 0..<2 {
      #expect(try status(to: Frames.peer, from: Frames.own) == .success)
      #expect(try status(to: Frames.peer, from: named) == .success)
      #expect(try status(to: Frames.peer, from: other) == .sourceMismatch)
      #expect(try status(to: other, from: Frames.own) == .notPermitted)
    }
  }
}
