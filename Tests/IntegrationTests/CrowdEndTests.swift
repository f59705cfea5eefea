import Glibc
import NDIS
import Testing

/// What a crowd does to the daemon when something happens to all of it at once.
@Suite(
  "Ends of crowds", .serialized, .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces,
  .needsSeveralUsers)
struct CrowdEndTests {
  private static let refused = Int(EACCES)
  private static let witness = Policy.rule("witness", "\"0x888e\"", "\"read\", \"write\"")

  private static func crowd(_ rights: String) -> String {
    Policy.rule("crowd", "\"0x888e\"", rights, user: "group = \"\(User.group)\"")
  }

  private func gather(_ lab: Lab) throws -> [ControlClient] {
    try (0..<4).map { index in
      let client = lab.makeClient(as: .numbered(61_040 + index, groups: [User.group]))
      try client.gather(245, on: "np0", waitingFor: "nosuch")
      return client
    }
  }

  @Test("B7: 980 clients with reads pended, killed at once: others are served, nothing is left")
  func killed() throws {
    let rules = Self.crowd("\"read\"") + Self.witness
    try Lab.run(configuration: Policy.text(rules)) { lab in
      let daemon = try lab.daemon
      let witness = try lab.client.open()
      let before = daemon.resources
      for client in try gather(lab) { try client.kill() }
      var slowest: UInt64 = 0
      for number in 1...20 {
        let frame = Frame.make(number: number)
        let started = Deadline.now
        #expect(try witness.write(Frame.outward()).status == .success)
        slowest = max(slowest, Deadline.now - started)
        try lab.peer.send(frame)
        try eventually("frame \(number)") { try witness.read().frames == [frame] }
      }
      print("B7: beside 980 clients that end, a write took \(slowest / 1_000) µs at most")
      try eventually("\(before) again") { daemon.resources.areWithin(before) }
      try eventually("980 closes") { daemon.auditLines("close").count == 980 }
    }
  }

  @Test("threat T20: a reload that takes all rights of 980 opens tells each of its reads, and why")
  func revoked() throws {
    let before = Self.crowd("\"read\"") + Self.witness
    let after = Self.crowd("") + Self.witness
    try Lab.run(configuration: Policy.text(before)) { lab in
      let daemon = try lab.daemon
      let witness = try lab.client.open()
      let clients = try gather(lab)
      try lab.configure(Policy.text(after))
      let started = Deadline.now
      let outcome = try lab.ctl("--json", "reload")
      print("980 opens closed by a reload in \((Deadline.now - started) / 1_000_000) ms")
      #expect(outcome.output.contains("\"opensClosed\":980"), "\(outcome.output)")
      // When the answer has come, every close is in the log, and its cause.
      let closes = daemon.auditLines("close").filter { $0["reason"] == "revoked" }
      #expect(closes.count == 980 && closes.allSatisfy { $0["rule"] == "crowd" })
      let told = try clients.flatMap { try $0.told() }
      #expect(told.count == 980)
      #expect(told.allSatisfy { $0 == [Self.refused, Self.refused] })
      #expect(try witness.write(Frame.outward()).status == .success)
      // The sessions are there still, and rights that come back are theirs again.
      #expect(try lab.reload(Policy.text(before)).exitCode == 0)
      #expect(try clients[0].open().closeDevice().status == .success)
    }
  }

  @Test("64 interfaces in use at once have a thread each, and none when nobody uses them")
  func interfaces() throws {
    let rule = Policy.rule("all", "\"0x888e\"", "\"read\", \"write\"")
    let text = Policy.text(rule, interface: "np*", binding: "ring = \"2 MiB\"")
    try Lab.run(configuration: text, cables: 64) { lab in
      let daemon = try lab.daemon
      let idle = daemon.resources
      let client = lab.makeClient()
      let sessions = try (0..<64).map { try client.open("np\(2 * $0)") }
      #expect(daemon.resources.threads.count { $0.hasPrefix("bind-") } == 64)
      for (index, session) in sessions.enumerated() {
        let id = try session.startRead()
        #expect(try session.query(.maximumFrameSize).status == .success, "np\(2 * index)")
        #expect(try session.isPending(id))
      }
      let bindings = try client.connect().statistics().filter { $0.kind == 1 }
      #expect(bindings.count == 64)
      for session in sessions { #expect(try session.closeDevice().status == .success) }
      try eventually("no thread") { daemon.resources.threads.count <= idle.threads.count }
      try client.kill()
      try eventually("\(idle) again, not \(daemon.resources)") { daemon.resources.areWithin(idle) }
    }
  }
}
