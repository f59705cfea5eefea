import Glibc
import NDIS
import Testing

/// Clients that die, stop or change their minds under load: faults of
/// `ndisprotd.docc/Reliability.md` section 2.
@Suite(
  "Faults of clients", .serialized, .timeLimit(.minutes(FaultForm.isLong ? 120 : 15)),
  .tags(.integration), .needsNamespaces)
struct ClientFaultTests {
  @Test("B7: 500 clients killed at random moments leave nothing, and cost another one nothing")
  func kills() throws {
    try Lab.run { lab in
      let canary = try lab.client.open(flags: .noLoopback)
      let daemon = try lab.daemon
      let before = try daemon.restingResources()
      let seed = Int(Deadline.now % 1_000_000)
      let victims = lab.makeClient()
      try victims.kills(FaultForm.count(short: 500, long: 100_000), seed: seed)
      try victims.kill()
      try eventually("no leak after seed \(seed): \(before)") { daemon.resources == before }
      try lab.peer.send(Frame.make(number: 7))
      #expect(try canary.read().frames == [Frame.make(number: 7)], "seed \(seed)")
      #expect(try canary.write(Frame.outward()).status == .success)
    }
  }

  @Test("B14: beside a client that stopped, one that reads at line rate loses nothing")
  func stoppedReader() throws {
    try Lab.run { lab in
      let lazy = lab.makeClient()
      let stopped = try lazy.open()
      _ = try stopped.startReads(200)
      try stopped.settle()
      lazy.send(SIGSTOP)
      defer { lazy.send(SIGCONT) }
      // Several times what the ring of the binding holds, in bursts that every ring has room for: no
      // processor is so busy that one is lost.
      let (bursts, each) = (FaultForm.count(short: 30, long: 300), 5_000)
      let count = bursts * each
      let reader = try lab.startCtl("--json", "read", "np0", "--count-only", "-n", "\(count)")
      #expect(try reader.nextLine() != nil)
      for burst in 1...bursts {
        try lab.peer.startFlood([Frame.make()], count: each)
        try lab.peer.finishFlood()
        try eventually("burst \(burst)") {
          let opens = try ConservationLaws(lab).objects().filter { $0.kind == "open" }
          // The last one closes when it has all.
          return opens.count == 1 || opens.contains { $0[.rxDelivered] == UInt64(burst * each) }
        }
      }
      let said = try reader.rest()
      #expect(try reader.exitCode() == 0, "\(said)")

      let objects = try ConservationLaws(lab).objects()
      let binding = try #require(objects.first { $0.kind == "binding" })
      #expect(binding[.rxFrames] == UInt64(count) && binding[.kernelDrops] == 0)
      let open = try #require(objects.first { $0.kind == "open" })
      // What the looks above had judged before it was lost is counted as flushed.
      #expect(open[.rxOverrun] + open[.rxDropFlushed] > 0)
      #expect(open[.rxDelivered] < UInt64(count))
    }
  }

  @Test(
    "B19: while the filter changes all the time each frame is judged by the one or the other")
  func filterStorm() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let far = lab.peer
      let frames = [
        Frame.make(to: Frame.own), Frame.make(to: Frame.broadcast), Frame.make(to: Frame.group),
        Frame.make(to: Frame.foreign),
      ]
      let seconds = FaultForm.count(short: 4, long: 30)
      try far.startFlood(frames, count: 100_000 * seconds)
      var destinations: [String: Int] = [:]
      let started = Deadline.now
      var rounds = 0
      // Directed alone and broadcast alone: never a group, never a stranger's.
      while rounds < 200 * seconds || Deadline.now - started < UInt64(seconds) * 1_000_000_000 {
        rounds += 1
        let filter = rounds.isMultiple(of: 2) ? "01000000" : "08000000"
        #expect(try session.set(.currentPacketFilter, filter).status == .success)
        if rounds.isMultiple(of: 7) {
          let read = try session.request("readBatch", ["most": 64])
          _ = try session.cancel(read)
          for frame in try session.reply(to: read).frames {
            destinations[String(frame.prefix(12)), default: 0] += 1
          }
        }
      }
      try far.finishFlood()
      #expect(Set(destinations.keys) == [Frame.own, Frame.broadcast])

      // What comes now is judged by the last filter only.
      #expect(try session.set(.currentPacketFilter, "01000000").status == .success)
      try far.send(Frame.make(to: Frame.broadcast, number: 1), Frame.make(number: 0xFFFF))
      var last = ""
      try eventually("the last frame") {
        for frame in try session.readBatch().frames {
          #expect([Frame.own, Frame.broadcast].contains(String(frame.prefix(12))))
          last = frame
        }
        return last == Frame.make(number: 0xFFFF)
      }
    }
  }
}
