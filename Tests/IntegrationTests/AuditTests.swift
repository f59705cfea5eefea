import Glibc
import NDIS
import Testing

/// Who did what is in the log, in lines that nobody can forge.
@Suite(
  "Accounting for who did what", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces, .needsSeveralUsers)
struct AuditTests {
  private static let user = User.numbered(61_010)
  private static let rule = Policy.rule(
    "both", "\"0x88b5\"", "\"read\", \"write\"", user: "user = \"61010\"")

  @Test("each open, denial, change and close is one record with user, process, rule and counters")
  func records() throws {
    try Lab.run(configuration: Policy.text(Self.rule)) { lab in
      let client = lab.makeClient(as: Self.user)
      let session = try client.open(types: [0x88B5])
      for number in 1...3 {
        #expect(
          try session.write(Frame.outward(type: "88b5", number: number)).status == .success)
      }
      try lab.peer.send(Frame.make(type: "88b5"))
      #expect(try session.read().frames.count == 1)
      _ = try client.connect().open("np0", types: [0x88B6])
      #expect(
        try lab.reload(
          Policy.text(Policy.rule("both", "\"0x88b5\"", "\"write\"", user: "user = \"61010\""))
        ).exitCode == 0)
      #expect(try session.closeDevice().status == .success)
      try eventually("the records: \(lab.daemon.log)") {
        try lab.daemon.auditLines("close").count == 1
      }
      func only(_ event: String) throws -> [String: String] {
        let lines = try lab.daemon.auditLines(event)
        #expect(lines.count == 1)
        return lines.first ?? [:]
      }
      let open = try only("open")
      #expect(open["uid"] == "61010" && open["pid"] == "\(client.processID)")
      #expect(open["binding"] == "np0" && open["rule"] == "both" && open["mode"] == "shared")
      #expect(open["ethertypes"] == "0x88b5" && open["rights"] == "read,write")
      let denied = try only("denied")
      #expect(denied["uid"] == "61010" && denied["binding"] == "np0" && denied["rule"] == "-")
      #expect(denied["cause"]?.contains("EtherType 0x88b6") == true)
      let changed = try only("changed")
      #expect(changed["rights"] == "write" && changed["open"] == open["open"])
      #expect(
        denied["text"]
          == "denied: uid 61010 (python3 \(client.processID)) open np0 local2: "
          + "no rule lets this user open EtherType 0x88b6 here")
      #expect(open["comm"] == "python3" && open["user"] == "61010")
      #expect(open["operation"] == "open")
      let close = try only("close")
      #expect(close["open"] == open["open"] && close["reason"] == "closed")
      // The session's own copies of its frames were not for it to read any more.
      #expect(close["txSent"] == "3" && close["rxDelivered"] == "1" && close["uid"] == "61010")
    }
  }

  @Test("a user of /etc/passwd is shown by name, and a program by the name it has")
  func userName() throws {
    try Lab.run(configuration: Policy.text(Self.rule)) { lab in
      // Number 1 is daemon on every system that has accounts at all.
      _ = try lab.makeClient(as: .numbered(1)).connect().open("np0", types: [0x888E])
      let text = try #require(try lab.daemon.auditLines("denied").first?["text"])
      #expect(text.hasPrefix("denied: daemon (1, python3 "), "\(text)")
      #expect(text.hasSuffix(") open np0 eapol: no rule names daemon"), "\(text)")
    }
  }

  @Test("log = error leaves the audit as it is")
  func quietLog() throws {
    try Lab.run(configuration: Policy.text(Self.rule)) { lab in
      #expect(
        try lab.reload("[daemon]\nlog = \"error\"\n" + Policy.text(Self.rule)).exitCode == 0)
      let session = try lab.makeClient(as: Self.user).open(types: [0x88B5])
      #expect(try session.closeDevice().status == .success)
      _ = try lab.makeClient(as: .stranger).connect().open("np0")
      try eventually("the records") {
        let daemon = try lab.daemon
        return daemon.auditLines("open").count == 1 && daemon.auditLines("close").count == 1
          && daemon.auditLines("denied").count == 1
      }
    }
  }

  @Test("an open whose interface goes is told apart, once, whatever its client does then")
  func interfaceRemoved() throws {
    try Lab.run(configuration: Policy.text(Self.rule)) { lab in
      let (first, second) = (lab.makeClient(as: Self.user), lab.makeClient(as: Self.user))
      let kept = try first.open(types: [0x88B5])
      _ = try second.open(types: [0x88B5])
      try lab.ip("link delete np0")
      try eventually("both records") {
        try lab.daemon.auditLines("close").filter { $0["reason"] == "interface removed" }.count == 2
      }
      #expect(try kept.closeDevice().status == .success)
      try second.kill()
      try kept.settle()
      #expect(try lab.daemon.auditLines("close").count == 2)
    }
  }

  @Test("a client that breaks the protocol, and a daemon that stops, are reasons of their own")
  func otherEnds() throws {
    try Lab.run(configuration: Policy.text(Self.rule)) { lab in
      let session = try lab.makeClient(as: Self.user).open(types: [0x88B5])
      try session.sendRaw("00")
      #expect(try session.closes())
      try eventually("the record") {
        try lab.daemon.auditLines("close").contains { $0["reason"] == "protocol violation" }
      }
      _ = try lab.makeClient(as: Self.user).open(types: [0x88B5])
      let daemon = try lab.daemon
      #expect(try daemon.stop() == 0)
      #expect(daemon.auditLines("close").contains { $0["reason"] == "daemon stopped" })
    }
  }

  @Test(
    "what is refused of an open is written once of each kind, and counted in the record of its end")
  func countedRefusals() throws {
    let rule = Policy.rule(
      "reader", "\"0x88b5\"", "\"read\", \"set-oid\"", user: "user = \"61010\"")
    try Lab.run(configuration: Policy.text(rule)) { lab in
      let session = try lab.makeClient(as: Self.user).open(types: [0x88B5])
      for number in 1...30 {
        #expect(
          try session.write(Frame.outward(type: "88b5", number: number)).status == .notPermitted)
      }
      for _ in 0..<3 {
        #expect(try session.set(.currentPacketFilter, "29000000").status == .notPermitted)
      }
      #expect(try session.closeDevice().status == .success)
      let denied = try lab.daemon.auditLines("denied")
      #expect(denied.map { $0["operation"] } == ["write", "promiscuous"])
      #expect(denied.allSatisfy { $0["rule"] == "reader" })
      let close = try #require(try lab.daemon.auditLines("close").first)
      #expect(close["refused"] == "write=30 promiscuous=3")
    }
  }

  @Test("one user's flood of refusals costs another no line")
  func others() throws {
    try Lab.run(configuration: Policy.text(Self.rule)) { lab in
      let noisy = try lab.makeClient(as: Self.user).connect()
      for _ in 0..<300 { _ = try noisy.open("np0", types: [0x88B6]) }
      for number in 0..<10 {
        let other = try lab.makeClient(as: .numbered(61_200 + number)).connect()
        #expect(try other.enumerate().status == .notPermitted)
      }
      let users = Set(try lab.daemon.auditLines("denied").compactMap { $0["uid"] })
      #expect((0..<10).allSatisfy { users.contains("\(61_200 + $0)") }, "\(users)")
    }
  }

  @Test("what an administrator does to others is a record with its user")
  func administration() throws {
    try Lab.run(configuration: Policy.text(Self.rule)) { lab in
      #expect(try lab.ctl("pause", "np0").exitCode == 0)
      #expect(try lab.ctl("restart", "np0").exitCode == 0)
      #expect(try lab.ctl(["restart", "np0"], as: Self.user).exitCode == 6)
      let acts = try lab.daemon.auditLines("administered")
      #expect(acts.map { $0["operation"] } == ["pause", "restart"])
      #expect(acts.allSatisfy { $0["uid"] == "0" && $0["binding"] == "np0" })
      #expect(acts.first?["text"]?.hasPrefix("administered: root (0, ndisprotctl ") == true)
      let denied = try #require(try lab.daemon.auditLines("denied").first)
      #expect(denied["cause"] == "only root and the user that runs the daemon may restart")
    }
  }

  @Test("a client that leaves, and one whose rights are taken, leave a record that says so")
  func reasons() throws {
    try Lab.run(configuration: Policy.text(Self.rule)) { lab in
      let leaving = lab.makeClient(as: Self.user)
      _ = try leaving.open(types: [0x88B5])
      try leaving.kill()
      try eventually("the record") {
        try lab.daemon.auditLines("close").contains { $0["reason"] == "hung up" }
      }
      _ = try lab.makeClient(as: Self.user).open(types: [0x88B5])
      #expect(try lab.reload(Policy.text()).exitCode == 0)
      #expect(try lab.daemon.auditLines("close").contains { $0["reason"] == "revoked" })
    }
  }

  @Test("threat T22: what a client names cannot make a line of its own, nor drive a terminal")
  func names() throws {
    try Lab.run(configuration: Policy.text(Self.rule)) { lab in
      let session = try lab.makeClient(as: Self.user).connect()
      let before = try lab.daemon.logLines.count
      let hostile = [
        "np0\nndisprotd: audit: event=open uid=0 rule=\"root\"", "\u{1B}[2J\u{1B}]0;owned\u{7}",
        "\u{202E}0pn", "np0\" rule=\"root", "a\u{2028}b\r\u{0}c",
        String(repeating: "é", count: 900),
        "np0\u{9B}31m",
      ]
      for name in hostile {
        #expect(try session.open(name, types: [0x88B5]).status != .success)
      }
      let stranger = try lab.makeClient(as: .stranger).connect()
      for name in hostile { #expect(try stranger.open(name).status == .notPermitted) }
      let lines = try lab.daemon.logLines.dropFirst(before)
      #expect(lines.count == hostile.count)
      for line in lines {
        #expect(line.hasPrefix("ndisprotd: audit: denied: uid 61000 (python3 "), "\(line)")
        #expect(line.contains(": no rule names uid 61000 [event=denied uid=61000 "), "\(line)")
        #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
        #expect(line.utf8.count < 800)
      }
    }
  }

  @Test(
    "threat T22: a user who is refused all the time fills no log, and the lines left out are told")
  func flood() throws {
    try Lab.run(configuration: Policy.text(Self.rule)) { lab in
      let session = try lab.makeClient(as: Self.user).connect()
      let started = Deadline.now
      for _ in 0..<1_000 {
        #expect(try session.open("np0", types: [0x88B6]).status == .notPermitted)
      }
      let seconds = Double(Deadline.now - started) / 1e9
      let lines = try lab.daemon.auditLines("denied").count
      #expect(lines >= 10 && Double(lines) <= 11 + 10 * seconds, "\(lines) in \(seconds) s")
      // The next one that is written tells of the others.
      var asked = 1_000
      try eventually("every denial is accounted for") {
        asked += 1
        _ = try session.open("np0", types: [0x88B6])
        let told = try lab.daemon.auditLines("denied").map {
          1 + (Int($0["unlogged"] ?? "0") ?? 0)
        }.reduce(0, +)
        return told == asked
      }
      // Others are heard all the while.
      let other = try lab.makeClient(as: .stranger).connect()
      #expect(try other.enumerate().status == .notPermitted)
      #expect(try lab.daemon.auditLines("denied").contains { $0["uid"] == "61000" })
    }
  }
}
