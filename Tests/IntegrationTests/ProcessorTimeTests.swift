import NDIS
import Testing

/// What each client costs: told, and told apart.
@Suite(
  "Processor time of sessions", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces, .needsSeveralUsers)
struct ProcessorTimeTests {
  private static let group = Policy.rule(
    "crowd", "\"0x888e\"", "\"read\", \"write\"", user: "group = \"\(User.group)\"")

  private func user(_ index: Int) -> User { .numbered(61_020 + index, groups: [User.group]) }

  @Test(
    "threat T5: who makes the daemon work is told from who does not, and all have no more than it had"
  )
  func shares() throws {
    try Lab.run(configuration: Policy.text(Self.group)) { lab in
      let idle = try lab.makeClient(as: user(0)).open()
      let asking = try lab.makeClient(as: user(1)).connect()
      let writing = try lab.makeClient(as: user(2)).open()
      let reading = try lab.makeClient(as: user(3)).open()
      func costs() throws -> [UInt64] {
        let sessions = try ConservationLaws(lab).objects().filter { $0.kind == "session" }
        return (0..<4).map { index in
          sessions.first { $0.name.hasPrefix("uid \(61_020 + index) ") }?[.cpuNanoseconds] ?? 0
        }
      }
      // Whose open is the first pays for the binding.
      let before = try costs()
      let frames = (0..<64).map { Frame.outward(number: $0) }
      for _ in 0..<40 {
        for _ in 0..<50 { #expect(try asking.enumerate().status == .success) }
        #expect(try writing.writeBatch(frames).status == .success)
        try lab.peer.send(Frame.numbered(8))
        for _ in 0..<8 { #expect(try reading.read().status == .success) }
      }
      let sessions = try ConservationLaws(lab).objects().filter { $0.kind == "session" }
      let costs = zip(try costs(), before).map { $0 &- $1 }
      let spent = try lab.daemon.processorSeconds
      print("T5: idle, asking, writing, reading cost \(costs) ns of \(spent) s")
      for cost in costs.dropFirst() { #expect(cost > 2 * costs[0], "\(costs)") }
      // The kernel counts the process's time in steps of 10 ms.
      let all = sessions.map { $0[.cpuNanoseconds] }.reduce(0, +)
      #expect(Double(all) / 1e9 <= spent + 0.02, "\(all) ns of \(spent) s")
      withExtendedLifetime((idle, asking, writing, reading)) {}
    }
  }

  @Test("an open and a close in the middle of a message leave what was measured where it belongs")
  func moving() throws {
    try Lab.run(configuration: Policy.text(Self.group)) { lab in
      let session = try lab.makeClient(as: user(0)).connect()
      func cost() throws -> UInt64 {
        try session.statistics().first { $0.kind == 3 }?[.cpuNanoseconds] ?? 0
      }
      var last = try cost()
      for _ in 0..<10 {
        #expect(try session.open("np0").status == .success)
        #expect(try session.enumerate().status == .success)
        #expect(try session.closeDevice().status == .success)
        let now = try cost()
        #expect(now > last)
        last = now
      }
    }
  }
}
