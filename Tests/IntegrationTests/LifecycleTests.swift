import FoundationEssentials
import Glibc
import NDIS
import Testing

@Suite(
  "Objects of the daemon from their first to their last moment", .serialized,
  .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces)
struct LifecycleTests {
  private static let verified = Lab.Options(arguments: ["--verifier"])
  private static let cancelled = 125  // ECANCELED

  @Test("A-19: what a killed client had set is not there for the next one")
  func killed() throws {
    try Lab.run(Self.verified) { lab in
      let first = lab.makeClient()
      let session = try first.open(mode: .exclusive)
      #expect(try session.set(.multicastList, "0180c2000003").status == .success)
      #expect(try session.set(.currentPacketFilter, "01000000").status == .success)
      try lab.peer.send(Frame.numbered(3))
      try first.kill()
      let second = try lab.client.connect()
      try eventually("the exclusive open is gone") {
        try second.open("np0", mode: .exclusive).status == .success
      }
      #expect(try second.query(.multicastList).payload == ControlSession.oidHeader(.multicastList))
      #expect(
        try second.query(.currentPacketFilter).payload
          == ControlSession.oidHeader(.currentPacketFilter) + "0b000000")
      #expect(try second.isPending(second.startRead()))
    }
  }

  @Test("A-30: of 10,000 reads, half cancelled at random, each completes once and no frame is lost")
  func storm() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      try lab.peer.startStream(Frame.make(number: 1), count: 5_000, microseconds: 100)
      let storm = try session.storm(10_000, seed: 4711)
      #expect(storm.asked == 10_000)
      #expect(storm.delivered + storm.cancelled == storm.asked)
      #expect(storm.delivered > 0 && storm.cancelled > 0)
      #expect(storm.cancelAnswers == storm.cancelsAsked)

      #expect(try lab.peer.awaitStream())
      try eventually("all 5,000 frames were looked at") {
        try session.statistics().contains { $0[.rxMatched] == 5_000 }
      }
      let open = try #require(try session.statistics().first { $0[.rxMatched] == 5_000 })
      #expect(open[.rxDelivered] == UInt64(storm.delivered))
      #expect(
        open[.rxMatched]
          == open[.rxDelivered] + open[.rxQueued] + open[.rxDropFlushed] + open[.rxDropClosed])
    }
  }

  @Test("A-59: an interface made, used and deleted 500 times under load leaves nothing behind")
  func interfacesComeAndGo() throws {
    try Lab.run(Self.verified) { lab in
      let watcher = try lab.client.connect()
      let idle = try lab.daemon.restingResources()
      let other = lab.makeClient()
      try other.startHammering("np0")
      for _ in 1...500 {
        try lab.ip("link del np0")
        try lab.layCable(0)
      }
      let hammering = try other.stopHammering()
      #expect(hammering.problem.isEmpty)
      #expect(hammering.rounds > 0)
      try eventually("np0 is bound") { try watcher.enumerate().bindings?.first?.power == 1 }
      try eventually("no leak: \(idle)") { try lab.daemon.resources == idle }
      #expect(try watcher.open("np0").status == .success)
    }
  }

  @Test("wdf T41: at SIGTERM 100 clients hear of every request once, and no object is left")
  func terminatedWithMany() throws {
    try Lab.run(Self.verified) { lab in
      let crowd = lab.makeClient()
      try crowd.gather(100, on: "np0", waitingFor: "np9")
      // Later than four seconds it would be 70.
      #expect(try lab.daemon.stop() == 0)
      let outcomes = try crowd.dismissed()
      #expect(outcomes.count == 100)
      let other = outcomes.filter { $0 != Array(repeating: [Self.cancelled], count: 3) }
      #expect(other == [])
      let daemon = try lab.daemon
      #expect(daemon.log.contains("stopped: every request is complete, no object is left"))
    }
  }

  @Test(
    "wdf T45: when a thread stands still, whom that holds is named, and the daemon ends with a code"
  )
  func stuckThread() throws {
    try Lab.run(Lab.Options(startsDaemon: false)) { lab in
      let daemon = try Daemon(lab, ["--verifier"])
      try daemon.waitUntilReady()
      let session = try lab.client.open()
      #expect(try session.isPending(session.startRead()))
      let frozen = try daemon.freeze("bind-np0")
      daemon.send(SIGTERM)
      #expect(try daemon.exitCode() == 70)
      let stuck = daemon.logLines.filter { $0.contains("VE-STUCK: fileObject uid ") }
      #expect(stuck.count >= 2, "\(daemon.log)")
      #expect(daemon.log.contains("not everything ended: unloading, step "))
      try frozen.kill()
    }
  }

  @Test("wdf T99: 10,000 messages that are nearly right are answered once, or hung up on")
  func fuzzed() throws {
    // A million of them takes minutes: NDISPROT_FUZZ_MESSAGES=1000000.
    let wanted = ProcessInfo.processInfo.environment["NDISPROT_FUZZ_MESSAGES"].flatMap(Int.init)
    var options = Self.verified
    options.ownsWire = false
    try Lab.run(options) { lab in
      var rest = wanted ?? 10_000
      var seed = 1
      while rest > 0 {
        let count = min(rest, 5_000)
        let outcome = try lab.makeClient().fuzz(count, seed: seed)
        #expect(outcome.wrong == [])
        #expect(outcome.answered + outcome.closed == count)
        #expect(outcome.answered > count / 4 && outcome.closed > count / 20)
        rest -= count
        seed += 1
      }
      #expect(try lab.client.open().closeDevice().status == .success)
      #expect(try !lab.daemon.log.contains("framework: "))
    }
  }

  @Test("wdf T85: what one client had set does not outlive it, nor take from the next")
  func handOver() throws {
    try Lab.run(Self.verified) { lab in
      let next = try lab.client.connect()
      for round in 1...100 {
        let first = try lab.client.open(mode: .exclusive)
        #expect(try first.set(.currentPacketFilter, "01000000").status == .success)
        _ = try first.startReads(5)
        try first.disconnect()
        try eventually("round \(round): the exclusive open is gone") {
          try next.open("np0", mode: .exclusive).status == .success
        }
        let filter = try next.query(.currentPacketFilter)
        #expect(filter.payload == ControlSession.oidHeader(.currentPacketFilter) + "0b000000")
        let read = try next.startRead()
        try lab.peer.send(Frame.make(number: round))
        #expect(try next.reply(to: read).status == .success)
        #expect(try next.closeDevice().status == .success)
      }
    }
  }

  @Test("1,000 clients that open, read and are killed leave descriptors and threads as they were")
  func churn() throws {
    try Lab.run { lab in
      let witness = try lab.client.connect()
      let idle = try lab.daemon.restingResources()
      let other = lab.makeClient()
      for _ in 1...10 { try other.churn(100, on: "np0") }
      try other.kill()
      try eventually("no leak: \(idle)") { try lab.daemon.resources == idle }
      #expect(try witness.enumerate().bindings?.first?.opens == 0)
    }
  }

  @Test("an unload while opens wait for power and sessions move ends in time")
  func unloadWhileOpening() throws {
    try Lab.run(Lab.Options(preparation: ["link set np0 down"], arguments: ["--verifier"])) { lab in
      let sessions = try (1...20).map { _ in try lab.client.connect() }
      let opens = try sessions.map {
        try $0.request("open", ["name": "np0", "wait": 30_000])
      }
      for session in sessions { try session.settle() }
      try lab.ip("link set np0 up")
      #expect(try lab.daemon.stop() == 0)
      for (session, id) in zip(sessions, opens) {
        let status = try session.reply(to: id).status
        #expect(status == .success || status == .cancelled, "\(status)")
      }
    }
  }
}
