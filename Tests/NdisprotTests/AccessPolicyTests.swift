import MDL
import NDIS
import Testing

@testable import Ndisprot

@Suite("AccessPolicy")
struct AccessPolicyTests {
  static let np0 = AdapterAttributes(
    interfaceIndex: 7, name: "np0", description: "veth", hardwareType: 1, isLoopback: false,
    address: Frames.own, mtu: 1500, isUp: true, link: .connected, driver: "veth")

  static func client(_ user: UInt32, _ group: UInt32 = 100, _ groups: [UInt32] = []) -> Credentials
  {
    Credentials(processID: 1, userID: user, groupID: group, groups: groups)
  }

  static func rule(
    _ name: String, _ subject: AccessRule.Subject = .user(1), _ types: [UInt16] = [0xFFFF],
    _ vlans: VLANSet = .untagged, _ rights: AccessRights, interface: String = "np*",
    rate: RateLimit? = nil
  ) -> AccessRule {
    AccessRule(
      name: name, origin: "test: \(name)", subject: subject,
      interface: InterfaceMatch(name: .like(NamePattern(stringLiteral: interface))),
      etherTypes: EtherTypeSet(types),
      vlans: vlans, rights: rights, rate: rate)
  }

  @Test("attack 7: a group's listed members stay denied when they drop the group")
  func thrownAway() {
    var policy = AccessPolicy([
      Self.rule("blocked", .group(6_000), [0xFFFF], .any, []),
      Self.rule("members", .group(5_000), [0xFFFF], .any, .read),
    ])
    let directory = DirectoryGroups()
    func mayRead() -> Bool {
      policy.decision(for: Self.client(1, 5_000), on: Self.np0, 0x88B5, vlan: 0)?.rights == .read
    }
    // Without a directory the kernel's word counts; with one that has not answered nothing is given.
    #expect(mayRead())
    policy.directory = directory
    #expect(!mayRead())
    directory.note(1, [5_000, 6_000])
    #expect(!mayRead())
    directory.note(1, [5_000])
    #expect(mayRead() && directory.isFresh(1))
    directory.note(1, nil)
    #expect(!mayRead() && !directory.isFresh(1))
    // The directory takes away, it never gives.
    directory.note(2, [5_000])
    #expect(policy.rules(for: Self.client(2)).isEmpty)
    directory.keep { $0 != 2 }
    #expect(directory.count == 0)
  }

  // MARK: The matrix

  private static let subjects: [AccessRule.Subject] = [
    .user(1), .group(20), .group(30), .everybody, .nobody,
  ]
  private static let clients = [
    client(0), client(1), client(2, 20), client(2, 100, [30]), client(1, 20, [30]),
  ]
  private static let typeSets: [[UInt16]] = [[0x88B5], [0x88B5, 0], [0xFFFF]]
  private static let vlanSets: [VLANSet] = [.untagged, VLANSet([0, 5]), .any]
  private static let rightSets: [AccessRights] = [[], .read, [.write, .anySource]]
  private static let frames: [(type: UInt16, vlan: UInt16)] = [0x88B5, 0x88B6, 0, 0x8808].flatMap {
    type in [0, 5, 6].map { (type, $0) }
  }

  private static let kinds: [AccessRule] = subjects.flatMap { subject in
    typeSets.flatMap { types in
      vlanSets.flatMap { vlans in
        rightSets.enumerated().map { index, rights in
          rule("\(subject) \(types) \(vlans.values) \(index)", subject, types, vlans, rights)
        }
      }
    }
  }

  /// The rule, in the plainest words.
  private func expected(
    _ rules: [AccessRule], _ client: Credentials, _ type: UInt16, _ vlan: UInt16
  ) -> AccessRights {
    if type == 0x8808 { return [] }
    if client.userID == 0 { return .all }
    for rule in rules {
      let isSubject =
        switch rule.subject {
        case .user(let number): number == client.userID
        case .group(let number): ([client.groupID] + client.groups).contains(number)
        case .everybody: true
        case .nobody: false
        }
      let isType =
        rule.etherTypes.isAny || rule.etherTypes.values.contains(type < 0x600 ? 0 : type)
      let isVLAN = rule.vlans.isAny || rule.vlans.values.contains(vlan)
      if isSubject, isType, isVLAN { return rule.rights }
    }
    return []
  }

  @Test(
    "threat T14, T15, T16: two rules in either order, every user and frame: the first that matches decides, nothing else is granted"
  )
  func matrix() {
    var failures = 0
    for first in Self.kinds {
      for second in Self.kinds {
        let rules = [first, second]
        let policy = AccessPolicy(rules)
        for client in Self.clients {
          let found = policy.rules(for: client, on: Self.np0)
          for wanted in [[0x88B5], [0x88B5, 0x88B6], [0], [0xFFFF]] as [[UInt16]] {
            let set = EtherTypeSet(wanted)
            let grant = AccessGrant(found, for: set)
            for frame in Self.frames where set.matches(frame.type) {
              let rights = grant.rights(frame.type, vlan: frame.vlan)
              if rights != expected(rules, client, frame.type, frame.vlan) { failures += 1 }
            }
          }
        }
      }
    }
    #expect(failures == 0)
  }

  @Test("a rule that is behind one that says it all gives nothing, not even to OIDs")
  func shadowed() throws {
    let policy = AccessPolicy([
      Self.rule("first", .user(1), [0x88B5], .any, .read),
      Self.rule("late", .user(1), [0x88B5], .untagged, .all),
    ])
    for types in [[0x88B5], [], [0xFFFF]] as [[UInt16]] {
      let grant = AccessGrant(
        policy.rules(for: Self.client(1), on: Self.np0), for: EtherTypeSet(types))
      #expect(grant.rights == .read)
      #expect(grant.rules.map(\.name) == ["first"])
    }
  }

  // MARK: Opening

  private func judge(
    _ rules: [AccessRule], _ options: OpenOptions, isDevice: Bool = false, _ user: UInt32 = 1
  ) -> (refusal: AccessRefusal?, mode: OpenMode) {
    var options = options
    do throws(AccessRefusal) {
      _ = try AccessPolicy(rules).grant(
        &options, isDevice: isDevice, to: Self.client(user), on: Self.np0)
      return (nil, options.mode)
    } catch {
      return (error, options.mode)
    }
  }

  @Test("threat T15: a refusal names the rule that decides, or says that there is none")
  func refusals() {
    let reader = [Self.rule("reader", .user(1), [0x88B5], .untagged, .read)]
    let b5 = EtherTypeSet([0x88B5])
    #expect(judge(reader, OpenOptions(etherTypes: b5)).refusal == nil)
    #expect(judge(reader, OpenOptions(etherTypes: b5), 2).refusal == .noRule)
    #expect(judge([], OpenOptions(etherTypes: b5)).refusal == .noRule)
    #expect(
      judge(reader, OpenOptions(etherTypes: EtherTypeSet([0x88B5, 0x88CC]))).refusal
        == .noRuleForType(0x88CC))
    #expect(
      judge(reader, OpenOptions(etherTypes: EtherTypeSet([0xFFFF]))).refusal
        == .noRuleForType(0xFFFF))
    #expect(
      judge(reader, OpenOptions(flags: .anySource, etherTypes: b5)).refusal
        == .missing(.anySource, rule: "reader", origin: "test: reader"))
    #expect(
      judge(reader, OpenOptions(flags: .outgoing, etherTypes: b5)).refusal
        == .missing(.allFrames, rule: "reader", origin: "test: reader"))
    #expect(
      judge(reader, OpenOptions(flags: .priority(1), etherTypes: b5)).refusal
        == .missing(.priority, rule: "reader", origin: "test: reader"))
    #expect(judge(reader, OpenOptions(flags: .priority(0), etherTypes: b5)).refusal == nil)
    let text = judge(reader, OpenOptions(mode: .exclusive, etherTypes: b5)).refusal?.description
    #expect(text == "rule 'reader' (test: reader) does not give exclusive")
  }

  @Test("threat T16: pause frames are nobody's, not even root's")
  func pauseFrames() {
    let pause = EtherTypeSet([0x8808])
    #expect(judge([], OpenOptions(etherTypes: pause), 0).refusal == .forbiddenType(0x8808))
    #expect(AccessGrant.everything.rights(0x8808, vlan: 0) == [])
  }

  @Test("OPEN_DEVICE without the right exclusive is made shared; an exclusive OPEN is refused")
  func exclusive() {
    let rules = [Self.rule("eapol", .user(1), [0x888E], .untagged, [.read, .write])]
    let device = judge(rules, .openDevice, isDevice: true)
    #expect(device.refusal == nil)
    #expect(device.mode == .shared)
    #expect(judge(rules, .openDevice).refusal != nil)
    let granted = [
      Self.rule("eapol", .user(1), [0x888E], .untagged, [.read, .write, .exclusive])
    ]
    #expect(judge(granted, .openDevice, isDevice: true).mode == .exclusive)
  }

  @Test("threat T16: behind a second tag, or one of another protocol, only vlans = any looks")
  func nestedTags() {
    let untagged = AccessGrant(
      [Self.rule("a", .user(1), [0xFFFF], .untagged, .all)], for: EtherTypeSet([0xFFFF]))
    for type in [0x8100, 0x88A8, 0x9100] as [UInt16] {
      #expect(untagged.rights(type, vlan: 0) == [])
      #expect(AccessGrant.everything.rights(type, vlan: 5) == .all)
    }
  }

  @Test(
    "an interface is named by a pattern, an address, a driver, or all of them",
    arguments: [
      ("np0", true), ("np*", true), ("*", true), ("n?0", true), ("np0*", true), ("*p*0", true),
      ("np", false), ("p0", false), ("np0?", false), ("eth*", false), ("", false),
    ])
  func interfaces(text: String, isMatch: Bool) {
    let pattern = NamePattern(stringLiteral: text)
    #expect(InterfaceMatch(name: .like(pattern)).matches(Self.np0) == isMatch)
    var match = InterfaceMatch(name: .like(pattern), address: Frames.own, driver: "veth")
    #expect(match.matches(Self.np0) == isMatch)
    match.driver = "e1000"
    #expect(!match.matches(Self.np0))
    #expect(!InterfaceMatch().matches(Self.np0))
    #expect(!InterfaceMatch(name: .exactly("*")).matches(Self.np0))
  }

  @Test(
    "while the driver is not known, a rule about it gives nothing and lets nothing through behind it"
  )
  func unknownDriver() {
    var attributes = Self.np0
    let veth = InterfaceMatch(name: .like("np*"), driver: "veth")
    let client = Credentials(processID: 1, userID: 1, groupID: 1, groups: [])
    func policy(_ first: AccessRights) -> AccessPolicy {
      var byDriver = Self.rule("driver", .user(1), [0x888E], .any, first)
      byDriver.interface = veth
      return AccessPolicy([byDriver, Self.rule("all", .user(1), [0xFFFF], .any, .all)])
    }
    for (driver, verdict) in [
      ("veth", InterfaceMatch.Verdict.yes), ("e1000", .no), ("", .no), (nil, .undecided),
    ] {
      attributes.driver = driver
      #expect(veth.verdict(on: attributes) == verdict)
      for rights in [[], [.read]] as [AccessRights] {
        let decided = policy(rights).decision(for: client, on: attributes, 0x888E, vlan: 0)?.rights
        #expect(decided == (verdict == .yes ? rights : verdict == .no ? .all : []))
        // What the rule does not speak of is decided by the next one.
        let other = policy(rights).decision(for: client, on: attributes, 0x0800, vlan: 0)?.rights
        #expect(other == .all)
      }
    }
    // A pattern that does not match needs no driver.
    attributes.driver = nil
    #expect(InterfaceMatch(name: .like("eth*"), driver: "veth").verdict(on: attributes) == .no)
    #expect(!veth.matches(attributes))
  }
}
