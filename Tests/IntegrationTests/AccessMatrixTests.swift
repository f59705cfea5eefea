import NDIS
import Testing

/// Users × rules × rights × kinds of frames: what each gets is exactly what the rules say in plain
/// words, neither less nor more.
@Suite(
  "Who sees and sends which frames", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces, .needsSeveralUsers)
struct AccessMatrixTests {
  /// A rule as the file has it, and as this test understands it.
  private struct Rule {
    let name: String
    let user: Int?
    let group: Int?
    /// nil is any.
    let types: [Int]?
    /// nil is any; 0 is none.
    let vlans: [Int]?
    let rights: [String]

    var text: String {
      let list = types.map { $0.map { $0 == 0 ? "\"llc\"" : "\($0)" } } ?? ["\"any\""]
      let numbers = vlans.map { $0.map { $0 == 0 ? "\"none\"" : "\($0)" } } ?? ["\"any\""]
      return Policy.rule(
        name, list.joined(separator: ", "), rights.map { "\"\($0)\"" }.joined(separator: ", "),
        user: user.map { "user = \"\($0)\"" } ?? "group = \"\(group ?? -1)\"",
        more: "vlans = [\(numbers.joined(separator: ", "))]")
    }
  }

  private static let rules = [
    Rule(name: "1", user: 61_010, group: nil, types: [0x88B5], vlans: [0], rights: ["read"]),
    Rule(name: "2", user: 61_010, group: nil, types: [0x88B5], vlans: [5], rights: ["write"]),
    Rule(
      name: "3", user: 61_010, group: nil, types: [0x88B6], vlans: [0, 5],
      rights: ["write", "any-source"]),
    Rule(name: "4", user: nil, group: 61_001, types: [0x88B6], vlans: [6], rights: []),
    Rule(
      name: "5", user: nil, group: 61_001, types: [0, 0x88B6], vlans: nil,
      rights: ["read", "write"]),
    Rule(
      name: "6", user: nil, group: 61_002, types: nil, vlans: [0], rights: ["read", "all-frames"]),
    Rule(name: "7", user: 61_013, group: nil, types: nil, vlans: nil, rights: ["read", "write"]),
  ]

  private struct Member {
    let number: Int
    let groups: [Int]

    /// The first rule that speaks of a frame says what this user may do with it.
    func rights(_ type: Int, _ vlan: Int?) -> [String] {
      if number == 0 { return type == 0x8808 ? [] : ["read", "write"] }
      if type == 0x8808 { return [] }
      let rule = AccessMatrixTests.rules.first { rule in
        let isMeant = rule.user == number || ([number] + groups).contains { $0 == rule.group }
        let isOfType = rule.types?.contains(type < 0x600 ? 0 : type) ?? true
        let isInVLAN = vlan.map { rule.vlans?.contains($0) ?? true } ?? (rule.vlans == nil)
        return isMeant && isOfType && isInVLAN
      }
      return rule?.rights ?? []
    }
  }

  private static let members = [
    Member(number: 61_010, groups: []), Member(number: 61_011, groups: [61_001]),
    Member(number: 61_012, groups: [61_002, 61_001]), Member(number: 61_013, groups: [61_001]),
    Member(number: 61_014, groups: [61_099]), Member(number: 61_001, groups: []),
  ]

  /// A frame by what matters of it.
  private struct Kind {
    let tag: String
    let type: String
    /// The type that decides, behind one 0x8100 tag.
    let decidingType: Int
    /// The VLAN that decides; nil if it cannot be told.
    let vlan: Int?
  }

  private static let kinds: [Kind] = {
    var kinds: [Kind] = []
    for (text, type) in [("88b5", 0x88B5), ("88b6", 0x88B6), ("0026", 0), ("8808", 0x8808)] {
      kinds.append(Kind(tag: "", type: text, decidingType: type, vlan: 0))
      for vlan in [0, 5, 6] {
        kinds.append(Kind(tag: "8100e00\(vlan)", type: text, decidingType: type, vlan: vlan))
      }
    }
    kinds.append(Kind(tag: "8100000581000006", type: "88b5", decidingType: 0x8100, vlan: nil))
    kinds.append(Kind(tag: "88a80005", type: "88b5", decidingType: 0x88A8, vlan: nil))
    return kinds
  }()

  private static let wanted: [[Int]] = [[0x88B5], [0x88B6], [0], [0x88B5, 0x88B6], [0xFFFF]]

  private static func isOpenable(_ member: Member, _ types: [Int]) -> Bool {
    types.allSatisfy { type in
      // Some rule that decides about frames of the type gives something in some VLAN.
      if type == 0xFFFF {
        return rules.contains {
          $0.types == nil && !$0.rights.isEmpty
            && ($0.user == member.number
              || ([member.number] + member.groups).contains($0.group ?? -1))
        }
      }
      return [0, 5, 6, nil].contains { vlan in
        !Set(member.rights(type, vlan)).isDisjoint(with: ["read", "write"])
      }
    }
  }

  private static func isOf(_ kind: Kind, _ types: [Int]) -> Bool {
    types == [0xFFFF] || types.contains(kind.decidingType)
  }

  @Test(
    "threat T14: five users and a group read exactly the frames that the first matching rule gives")
  func reading() throws {
    try Lab.run(configuration: Policy.text(Self.rules.map(\.text).joined())) { lab in
      let far = lab.peer
      // It has taken a frame only when all before it are with the others, too.
      let root = try lab.makeClient(as: .owner).open(types: [0xFFFF])
      for member in Self.members {
        let client = lab.makeClient(as: .numbered(member.number, groups: member.groups))
        for types in Self.wanted {
          let session = try client.connect()
          let status = try session.open("np0", types: types).status
          let isOpenable = Self.isOpenable(member, types)
          #expect(status == (isOpenable ? .success : .notPermitted), "\(member) \(types)")
          guard status == .success else { continue }
          var sent: [String] = []
          var expected: [String] = []
          for (number, kind) in Self.kinds.enumerated() {
            for destination in [Frame.own, Frame.broadcast, Frame.foreign] {
              let frame = Frame.make(
                to: destination, tag: kind.tag, type: kind.type, number: number)
              sent.append(frame)
              if destination != Frame.foreign, Self.isOf(kind, types),
                member.rights(kind.decidingType, kind.vlan).contains("read")
              {
                expected.append(frame)
              }
            }
          }
          let last = Frame.make(type: "88b7", number: 0xFFFF)
          try far.send(sent + [last])
          var seen: [String] = []
          try eventually("the last frame") {
            seen += try root.drain()
            return seen.last == last
          }
          // With every type there is the last frame, too, if a rule gives it.
          if types == [0xFFFF], member.rights(0x88B7, 0).contains("read") { expected.append(last) }
          #expect(try session.drain() == expected, "\(member) \(types)")
          try session.disconnect()
        }
      }
    }
  }

  @Test(
    "threat T15, T16: of every kind and source exactly the granted frames are sent and on the wire")
  func writing() throws {
    try Lab.run(configuration: Policy.text(Self.rules.map(\.text).joined())) { lab in
      let far = lab.peer
      for member in Self.members {
        let client = lab.makeClient(as: .numbered(member.number, groups: member.groups))
        for types in Self.wanted where Self.isOpenable(member, types) {
          for asksAnySource in [false, true] {
            let session = try client.connect()
            let flags: ControlSession.OpenFlags =
              asksAnySource ? [.anySource, .noLoopback] : .noLoopback
            let status = try session.open("np0", flags: flags, types: types).status
            // The right must be there for each of the types.
            let mayAsk = types.allSatisfy { type in
              [0, 5, 6, nil].contains { member.rights(type, $0).contains("any-source") }
            }
            #expect(status == (asksAnySource && !mayAsk ? .notPermitted : .success))
            guard status == .success else { continue }
            var frames: [String] = []
            var expected: [String] = []
            for (number, kind) in Self.kinds.enumerated() {
              for source in [Frame.own, Frame.foreign] {
                let frame = Frame.make(
                  to: Frame.far, from: source, tag: kind.tag, type: kind.type, number: number)
                frames.append(frame)
                let rights = member.rights(kind.decidingType, kind.vlan)
                let isSource =
                  source == Frame.own || (asksAnySource && rights.contains("any-source"))
                if Self.isOf(kind, types), rights.contains("write"), isSource {
                  expected.append(frame)
                }
              }
            }
            let reply = try session.writeBatch(frames)
            let sent = zip(frames, reply.statuses ?? []).filter { $0.1[2] == 0 }.map(\.0)
            #expect(sent == expected, "\(member) \(types)")
            #expect(try far.receive(expected.count) == expected)
            try session.disconnect()
          }
        }
      }
      #expect(try far.receive(1, seconds: 0).isEmpty)
    }
  }

  @Test("threat T14: what others on this machine send is heard with the right all-frames only")
  func others() throws {
    try Lab.run(configuration: Policy.text(Self.rules.map(\.text).joined())) { lab in
      let writer = try lab.makeClient(as: .numbered(61_013, groups: [61_001])).open(
        flags: .noLoopback, types: [0x88B5])
      let deaf = try lab.makeClient(as: .numbered(61_010)).open(types: [0x88B5])
      let refused = try lab.makeClient(as: .numbered(61_010)).connect()
      #expect(
        try refused.open("np0", flags: .outgoing, types: [0x88B5]).status == .notPermitted)
      let all = try lab.makeClient(as: .numbered(61_012, groups: [61_002])).open(
        flags: .outgoing, types: [0x88B5])
      let frame = Frame.make(to: Frame.broadcast, from: Frame.own, type: "88b5")
      #expect(try writer.write(frame).status == .success)
      #expect(try all.read().frames == [frame])
      #expect(try deaf.drain().isEmpty)
    }
  }
}
