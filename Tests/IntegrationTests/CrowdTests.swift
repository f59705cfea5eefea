import Glibc
import NDIS
import Testing

/// More clients than anybody needs, and what they cost.
@Suite(
  "Crowds", .serialized, .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces,
  .needsSeveralUsers)
struct CrowdTests {
  private static let group = Policy.rule(
    "crowd", "\"0x888e\"", "\"read\", \"write\"", user: "group = \"\(User.group)\"")

  private func user(_ index: Int) -> User { .numbered(61_020 + index, groups: [User.group]) }

  @Test("threat T3: 5,000 connections of one user keep nobody else out, and all go again")
  func swarm() throws {
    try Lab.run(configuration: Policy.text(Self.group)) { lab in
      let daemon = try lab.daemon
      let witness = try lab.makeClient(as: user(1)).open()
      let before = daemon.resources
      let attacker = lab.makeClient(as: user(0))
      let swarm = try attacker.swarm(5_000)
      #expect(swarm.served == 256 && swarm.refused == 4_744 && swarm.others.isEmpty)
      #expect(try witness.write(Frame.outward()).status == .success)
      let other = lab.makeClient(as: user(2))
      #expect(try other.visit(20) == 0)
      #expect(daemon.resources.descriptors < before.descriptors + 300)
      // Whoever sends descriptors along is hung up on, and they are closed.
      let bomber = try other.connect()
      let isSent = try bomber.sendRaw(
        RawHeader(opcode: 11).hex + "0000000000000000", descriptorCount: 200)
      // A kernel that lets no descriptors through leaves nothing to hang up for.
      if isSent { #expect(try bomber.closes()) } else { try bomber.disconnect() }
      try attacker.disperse()
      try eventually("the descriptors of before: \(before), \(daemon.resources)") {
        daemon.resources.descriptors <= before.descriptors
      }
    }
  }

  @Test("B8: thousands of clients that come and go leave nothing, and none meets an error")
  func visitors() throws {
    try Lab.run(configuration: Policy.text(Self.group)) { lab in
      let daemon = try lab.daemon
      let idle = daemon.resources
      // What the first visitors touch stays resident.
      #expect(try lab.makeClient(as: user(0)).visit(500) == 0)
      try eventually("\(idle) again") { daemon.resources.areWithin(idle) }
      let memory = daemon.memory
      let started = Deadline.now
      // As fast as they can, or in the long form 1,000 a second for half a minute.
      let visitor = lab.makeClient(as: user(1))
      let rounds = FaultForm.count(short: 3, long: 30)
      var slowest = 0.0
      for _ in 0..<rounds {
        let visits = try visitor.visit(1_000, perSecond: FaultForm.isLong ? 1_000 : 0)
        #expect(visits.failures == 0)
        slowest = max(slowest, visits.slowMilliseconds)
      }
      let seconds = Double(Deadline.now - started) / 1e9
      print("B8: \(1_000 * rounds) visits in \(seconds) s, 99 of 100 in within \(slowest) ms")
      try eventually("\(idle) again") { daemon.resources.areWithin(idle) }
      #expect(daemon.memory <= memory + 1_024, "\(memory) KiB, then \(daemon.memory) KiB")
    }
  }

  @Test("B9: of 1,000 clients on one interface those 100 that are busy have equal shares")
  func fairness() throws {
    try Lab.run(configuration: Policy.text(Self.group)) { lab in
      let daemon = try lab.daemon
      for index in 0..<4 {
        try lab.makeClient(as: user(index)).gather(
          index == 3 ? 150 : 250, on: "np0", waitingFor: "nosuch")
      }
      let busy = lab.makeClient(as: user(4))
      let answers = try busy.compete(100, on: "np0", until: 500)
      let (least, most) = (answers.min() ?? 0, answers.max() ?? 0)
      #expect(least >= 500 && Double(least) >= 0.8 * Double(most), "from \(least) to \(most)")
      print("B9: shares \(least)…\(most), \(daemon.peakMemory >> 10) MiB")
      #expect(daemon.peakMemory <= 256 << 10, "\(daemon.peakMemory) KiB")
      // The idle ones are served when something comes for them.
      try lab.peer.send(Frame.make(to: Frame.broadcast))
      let watcher = try lab.makeClient(as: .owner).connect()
      try eventually("every one of 900 has the frame") {
        try watcher.statistics().count { $0.kind == 2 && $0[.rxDelivered] == 1 } >= 900
      }
    }
  }

  @Test("threat T6: 1,000 clients that ask for all they can cost a bounded amount of memory")
  func memory() throws {
    // The interface's queue loses what it holds when it is taken away.
    var options = Lab.Options(configuration: Policy.text(Self.group))
    options.ownsWire = false
    try Lab.run(options) { lab in
      let daemon = try lab.daemon
      // The interface takes almost nothing: what is written waits.
      try lab.tc("qdisc add dev np0 root tbf rate 8kbit burst 1600 limit 100000000")
      for index in 0..<4 {
        try lab.makeClient(as: user(index)).attack(240, on: "np0", reads: 30, writes: 30)
      }
      try lab.makeClient(as: user(4)).attack(40, on: "np0", reads: 256, writes: 256)
      let witness = try lab.makeClient(as: user(5)).connect()
      #expect(try witness.enumerate().status == .success)
      let stats = try lab.makeClient(as: .owner).connect().statistics().filter { $0.kind == 2 }
      let pending = stats.map { $0[.txPending] }.reduce(0, +)
      #expect(stats.count >= 1_000 && pending > 15_000, "\(stats.count) opens, \(pending) writes")
      print("T6: \(stats.count) opens, \(pending) writes wait, \(daemon.peakMemory >> 10) MiB")
      #expect(daemon.peakMemory <= 384 << 10, "\(daemon.peakMemory) KiB")
      try lab.tc("qdisc del dev np0 root")
    }
  }

  @Test("B15: without descriptors newcomers are told so, nobody else notices, and it passes")
  func descriptors() throws {
    try Lab.run(
      configuration: Policy.text(Self.group), launcher: ["prlimit", "--nofile=64:64"]
    ) { lab in
      let daemon = try lab.daemon
      let witness = try lab.makeClient(as: user(1)).open()
      let crowd = lab.makeClient(as: user(0))
      let swarm = try crowd.swarm(200)
      #expect(swarm.served > 20 && swarm.served < 64)
      #expect(swarm.refused == 200 - swarm.served && swarm.others.isEmpty)
      #expect(daemon.complaints.count { $0.contains("no descriptor is left") } == 1)
      #expect(try witness.write(Frame.outward()).status == .success)
      try lab.peer.send(Frame.make(number: 5))
      try eventually("the frame") { try witness.read().frames == [Frame.make(number: 5)] }
      try crowd.disperse()
      try eventually("room") { try lab.makeClient(as: user(2)).visit(1) == 0 }
      #expect(try lab.makeClient(as: user(2)).open().closeDevice().status == .success)
    }
  }

  @Test("a reload of 1,000 rules with 1,000 sessions: each open has what the new rules give it")
  func manyRules() throws {
    func text(_ rights: String) -> String {
      let others = (0..<996).map { number in
        Policy.rule(
          "other \(number)", "\(0x8000 + number)", "\"read\"",
          user: "user = \"\(70_000 + number % 100)\"", interface: "np\(number % 7)*")
      }
      let last = (0..<4).map { index in
        Policy.rule(
          "crowd \(index)", "\"0x888e\"", rights, user: "user = \"\(61_020 + index)\"",
          more: "rate = { frames = 100000 }\nopens = 1000")
      }
      return Policy.text((others + last).joined())
    }
    try Lab.run(configuration: text("\"read\", \"write\"")) { lab in
      for index in 0..<4 {
        try lab.makeClient(as: user(index)).gather(
          index == 3 ? 249 : 250, on: "np0", waitingFor: "nosuch")
      }
      let session = try lab.makeClient(as: user(3)).open()
      #expect(try session.write(Frame.outward()).status == .success)
      try lab.configure(text("\"write\""))
      let started = Deadline.now
      let outcome = try lab.ctl("--json", "reload")
      print("1,000 rules, 1,000 sessions: reload in \((Deadline.now - started) / 1_000_000) ms")
      #expect(outcome.exitCode == 0)
      #expect(outcome.output.contains("\"opensChanged\":1000"), "\(outcome.output)")
      #expect(try session.read().status == .notPermitted)
      #expect(try session.write(Frame.outward()).status == .success)
      let closed = try lab.ctl("--json", "reload")
      #expect(closed.output.contains("\"opensChanged\":0"))
      try lab.configure(Policy.text())
      #expect(try lab.ctl("--json", "reload").output.contains("\"opensClosed\":1000"))
    }
  }
}
