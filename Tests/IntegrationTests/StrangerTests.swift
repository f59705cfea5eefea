import NDIS
import Testing

/// Clients of whom no rule speaks, and clients that say nothing.
@Suite(
  "Strangers", .serialized, .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces,
  .needsSeveralUsers)
struct StrangerTests {
  private static let configuration = Policy.text(
    Policy.rule("some", "\"0x88b5\"", "\"read\"", user: "user = \"61010\""))

  @Test("attack 5: strangers have 16 sessions between them, and a known user gets in")
  func places() throws {
    try Lab.run(configuration: Self.configuration) { lab in
      let stranger = lab.makeClient(as: .stranger)
      let swarm = try stranger.swarm(40)
      #expect(swarm.served == 16 && swarm.refused == 24 && swarm.others.isEmpty)
      let other = try lab.makeClient(as: .numbered(61_090)).swarm(4)
      #expect(other.served == 0 && other.refused == 4)
      let known = lab.makeClient(as: .numbered(61_010))
      #expect(try known.open(types: [0x88B5]).closeDevice().status == .success)
      let limits = try lab.ctl("--json", "stats", "--limits").output
      #expect(
        limits.contains("\"name\":\"strangers\",\"limitUsed\":16,\"limitRefused\":28"), "\(limits)")
      try stranger.disperse()
      try eventually("room for strangers") {
        try lab.makeClient(as: .numbered(61_090)).swarm(1).served == 1
      }
    }
  }

  @Test("attack 5: a client that does not say HELLO is hung up on after five seconds")
  func silence() throws {
    try Lab.run(configuration: Self.configuration) { lab in
      let client = lab.makeClient(as: .numbered(61_010))
      let (silent, polite) = (try client.connectSilently(), try client.connect())
      let start = Deadline.now
      try eventually("the end of the silent one") { try silent.closes() }
      #expect(Deadline.now - start > 3_000_000_000)
      #expect(try polite.enumerate().status == .success)
    }
  }
}
