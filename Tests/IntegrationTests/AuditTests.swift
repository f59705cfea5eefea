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
      let close = try only("close")
      #expect(close["open"] == open["open"] && close["reason"] == "closed")
      // The session's own copies of its frames were not for it to read any more.
      #expect(close["txSent"] == "3" && close["rxDelivered"] == "1" && close["uid"] == "61010")
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
        #expect(line.hasPrefix("ndisprotd: audit: event=denied uid=61000 "), "\(line)")
        #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
        #expect(line.utf8.count < 600)
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
