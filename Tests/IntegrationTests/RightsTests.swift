import Glibc
import NDIS
import Testing

@Suite(
  "Who may use the interfaces", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct RightsTests {
  @Test("the clients of these tests have no capability: a raw socket is refused to them")
  func clientsHaveNoRights() throws {
    try Lab.run { lab in
      let rights = try lab.client.rights()
      #expect(rights.effective == "0000000000000000")
      #expect(rights.rawSocketErrno == EPERM)
      if User.areSeveral { #expect(rights.uid == 65_534) }
    }
  }

  @Test(
    "A-73: a user whom nobody allowed is told so, at every request", .needsSeveralUsers)
  func stranger() throws {
    try Lab.run { lab in
      let stranger = try lab.makeClient(as: .stranger).connect()
      #expect(try stranger.open("np0").status == .notPermitted)
      #expect(try stranger.openDevice("np0").status == .notPermitted)
      #expect(try stranger.open("np0", types: []).status == .notPermitted)
      #expect(try stranger.enumerate().status == .notPermitted)
      #expect(try stranger.read().status == .notPermitted)
      let allowed = try lab.client.connect()
      #expect(try allowed.open("np0").status == .success)
    }
  }

  @Test("A-73: --allow :GROUP lets its members in, and nobody else", .needsSeveralUsers)
  func member() throws {
    try Lab.run(Lab.Options(arguments: ["--allow", ":\(User.group)"])) { lab in
      let member = try lab.makeClient(as: .member).connect()
      #expect(try member.open("np0").status == .success)
      let stranger = try lab.makeClient(as: .stranger).connect()
      #expect(try stranger.open("np0").status == .notPermitted)
    }
  }

  @Test(
    "threat T21: a user sees the counters of his own opens only; root sees all", .needsSeveralUsers)
  func counters() throws {
    try Lab.run(Lab.Options(arguments: ["--allow", ":\(User.group)"])) { lab in
      _ = try lab.client.open(types: [0x88CC])
      let member = try lab.makeClient(as: .member).open(types: [0x88B5])
      let root = try lab.makeClient(as: .owner).connect()
      #expect(try member.statistics().count { $0.kind == 2 } == 1)
      #expect(try root.statistics().count { $0.kind == 2 } == 2)
    }
  }

  @Test("without --allow the socket belongs to the user who started the daemon alone")
  func socketMode() throws {
    try Lab.run { lab in
      var status = stat()
      #expect(stat(lab.socketPath, &status) == 0)
      #expect(status.st_mode & 0o777 == (User.areSeveral ? 0o666 : 0o600))
    }
  }

  @Test(
    "rights lists what the caller may do, in the order in which rules decide", .needsSeveralUsers)
  func listed() throws {
    let user = User.numbered(61_010)
    let rules =
      Policy.rule("first", "\"0x88b5\"", "\"read\"", user: "user = \"61010\"")
      + Policy.rule("second", "\"any\"", "\"write\"", user: "user = \"61010\"")
      + Policy.rule("other", "\"0x88cc\"", "\"read\"")
    try Lab.run(configuration: Policy.text(rules)) { lab in
      let own = try lab.ctl(["--json", "rights"], as: user)
      let lines = own.output.split(separator: "\n")
      #expect(lines.count == 2 && own.exitCode == 0, "\(own)")
      #expect(lines.first?.contains("\"ethertypes\":[\"0x88b5\"],\"rights\":[\"read\"]") == true)
      #expect(lines.last?.contains("\"ethertypes\":[\"any\"],\"rights\":[\"write\"]") == true)
      let root = try lab.ctl(["--json", "rights"], as: .owner).output
      #expect(root.contains("\"ethertypes\":[\"any\"],\"rights\":[\"read\",\"write\","), "\(root)")
    }
  }
}
