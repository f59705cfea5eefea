import Glibc
import NDIS
import Testing

@Suite(
  "The access policy", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces, .needsSeveralUsers)
struct PolicyTests {
  private static let own = "020000000001"
  private static let peer = "020000000002"

  private static func frame(_ type: String, from source: String = own) -> String {
    peer + source + type + String(repeating: "00", count: 46)
  }

  @Test("threat T14, T15: a user gets exactly what the rules give him, by user and by group")
  func matrix() throws {
    let text =
      Policy.rule("reader", "\"0x88b5\"", "\"read\"")
      + Policy.rule("writer", "\"0x88b6\"", "\"write\"")
      + Policy.rule(
        "members", "\"0x88b7\"", "\"read\", \"write\"", user: "group = \"\(User.group)\"")
    try Lab.run(configuration: Policy.text(text)) { lab in
      for (user, types) in [
        (User.allowed, [0x88B5, 0x88B6]), (.member, [0x88B7]), (.stranger, []),
      ] {
        for type in [0x88B5, 0x88B6, 0x88B7, 0x888E, 0xFFFF, 0x8808] {
          let session = try lab.makeClient(as: user).connect()
          let status = try session.open("np0", types: [type]).status
          #expect(status == (types.contains(type) ? .success : .notPermitted))
        }
      }
      let reader = try lab.client.open(types: [0x88B5])
      #expect(try reader.write(Self.frame("88b5")).status == .notPermitted)
      let writer = try lab.client.open(types: [0x88B6])
      #expect(try writer.write(Self.frame("88b6")).status == .success)
      #expect(try writer.read().status == .notPermitted)
      #expect(
        try writer.write(Self.frame("88b6", from: "020000000009")).status == .sourceMismatch)
    }
  }

  @Test(
    "a stranger may say HELLO and nothing else; a refusal names the rule, or that there is none")
  func refusals() throws {
    try Lab.run(configuration: Policy.text(Policy.rule("reader", "\"0x88b5\"", "\"read\""))) {
      lab in
      #expect(try lab.ctl(["bindings"], as: .stranger).exitCode == 6)
      let outcome = try lab.ctl(["read", "np0", "--ethertype", "0x88b6"], as: .allowed)
      #expect(outcome.exitCode == 6)
      #expect(outcome.errors.contains("no rule lets this user open EtherType 0x88b6"))
      let exclusive = try lab.ctl(
        ["read", "np0", "--ethertype", "0x88b5", "--exclusive"], as: .allowed)
      #expect(exclusive.errors.contains("rule 'reader'"))
      #expect(exclusive.errors.contains("does not give exclusive"))
    }
  }

  @Test(
    "threat T16: a tagged frame leaves for granted VLANs only, and none hides behind a second tag")
  func vlans() throws {
    let text = Policy.rule(
      "tagged", "\"any\"", "\"read\", \"write\"", more: "vlans = [\"none\", 5]")
    try Lab.run(configuration: Policy.text(text)) { lab in
      let session = try lab.client.open(types: [0xFFFF])
      #expect(try session.write(Self.frame("88b5")).status == .success)
      #expect(try session.write(Self.frame("8100000588b5")).status == .success)
      #expect(try session.write(Self.frame("8100000688b5")).status == .notPermitted)
      #expect(try session.write(Self.frame("810000058100000688b5")).status == .notPermitted)
      #expect(try session.write(Self.frame("88a8000588b5")).status == .notPermitted)
      #expect(try session.write(Self.frame("8808")).status == .notPermitted)
    }
  }

  @Test(
    "threat T20: a reload narrows and closes opens; a bad file changes nothing and says why")
  func reload() throws {
    let full = Policy.rule("both", "\"0x88b5\"", "\"read\", \"write\"")
    try Lab.run(configuration: Policy.text(full)) { lab in
      let session = try lab.client.open(types: [0x88B5])
      #expect(try session.write(Self.frame("88b5")).status == .success)
      try lab.configure(Policy.text("[[rule]]\nname = 3\n"))
      let refused = try lab.reload()
      #expect(refused.exitCode == 1)
      #expect(refused.errors.contains(": rule: name: "))
      #expect(try session.write(Self.frame("88b5")).status == .success)
      try lab.configure(Policy.text(Policy.rule("both", "\"0x88b5\"", "\"read\"")))
      #expect(try lab.reload().exitCode == 0)
      #expect(try session.write(Self.frame("88b5")).status == .notPermitted)
      let read = try session.startRead()
      #expect(try session.isPending(read))
      try lab.configure(Policy.text(Policy.rule("other", "\"0x88b6\"", "\"read\"")))
      #expect(try lab.reload().exitCode == 0)
      #expect(try session.reply(to: read).status == .notPermitted)
      #expect(try session.read().status == .notAssociated)
    }
  }

  @Test("interfaces are bound and unbound by a reload")
  func bindings() throws {
    try Lab.run(configuration: Policy.text(), cables: 2) { lab in
      try lab.configure(Policy.text("[[binding]]\ninterface = \"np2\"\n"))
      #expect(try lab.reload().exitCode == 0)
      #expect(try lab.ctl("--json", "bindings").lines.count == 2)
      try lab.configure(Policy.text())
      #expect(try lab.reload().exitCode == 0)
      #expect(try lab.ctl("--json", "bindings").lines.count == 1)
    }
  }

  @Test("A-63: an interface that leaves the configuration is unbound, and bound when it comes back")
  func leavesConfiguration() throws {
    try Lab.run(configuration: Policy.text()) { lab in
      let watcher = try lab.makeClient(as: .owner).connect()
      #expect(try watcher.subscribe().status == .success)
      let session = try lab.makeClient(as: .owner).open()
      let read = try session.startRead()
      #expect(try session.isPending(read))
      try lab.configure("[daemon]\nlog = \"info\"\n")
      #expect(try lab.reload().exitCode == 0)
      #expect(try session.reply(to: read).status == .adapterRemoved)
      #expect(try watcher.events(1).map(\.eventKind) == [.bindingRemoved])
      #expect(try lab.ctl("--json", "bindings").lines.isEmpty)
      try lab.configure(Policy.text())
      #expect(try lab.reload().exitCode == 0)
      #expect(try watcher.events(1).map(\.eventKind) == [.bindingAdded])
      #expect(try lab.makeClient(as: .owner).open().closeDevice().status == .success)
    }
  }

  @Test("threat T15: events tell of a binding only whom some rule gives something there")
  func events() throws {
    let text = """
      [[binding]]
      interface = "np2"
      [[rule]]
      name = "one"
      user = "65534"
      interface = "np0"
      ethertypes = ["0x88b5"]
      rights = ["read"]

      """
    try Lab.run(configuration: Policy.text(text), cables: 2) { lab in
      let root = try lab.makeClient(as: .owner).connect()
      let session = try lab.client.connect()
      for listener in [root, session] {
        #expect(try listener.subscribe(EventKindSet(.mtu)).status == .success)
      }
      try lab.ip("link set np2 mtu 1400")
      try lab.ip("link set np0 mtu 1300")
      #expect(try root.events(2).map(\.binding?.mtu) == [1_400, 1_300])
      #expect(try session.events(1).map(\.binding?.mtu) == [1_300])
      #expect(try session.events(1, seconds: 1).isEmpty)
    }
  }

  @Test("policy explain says which rule decides; others than administrators ask about themselves")
  func explain() throws {
    try Lab.run(configuration: Policy.text(Policy.rule("reader", "\"0x88b5\"", "\"read\""))) {
      lab in
      let lines = try lab.ctl("--json", "policy", "explain", "65534", "np0", "0x88b5").lines
      #expect(lines.count == 2)
      #expect(lines.first?.contains("\"rule\":\"reader\"") == true)
      #expect(lines.last?.contains("\"rule\":\"\"") == true)
      let own = try lab.ctl(["policy", "explain", "65534", "np0", "0x88b5"], as: .allowed)
      #expect(own.exitCode == 0)
      #expect(try lab.ctl(["policy", "explain", "0", "np0", "any"], as: .allowed).exitCode == 6)
    }
  }
}
