import FoundationEssentials
import Glibc
import NDIS
import Testing

/// The faults of `spec/reliability.md` section 3, in their short form.
@Suite(
  "Faults", .serialized, .timeLimit(.minutes(3)), .tags(.integration), .needsNamespaces)
struct FaultTests {
  @Test("B3: 1,000 reads pended on a deleted interface complete once each")
  func thousandReads() throws {
    try Lab.run { lab in
      let sessions = try (1...4).map { _ in try lab.client.open() }
      let reads = try sessions.map { try $0.startReads(250) }
      for session in sessions { try session.settle() }
      try lab.ip("link del np0")
      for (session, ids) in zip(sessions, reads) {
        let collected = try session.collect(ids)
        #expect(collected.count(.adapterRemoved) == 250)
        #expect(collected.missing == 0 && collected.repeated == 0)
        // Whatever came twice would be in front of this reply.
        try session.settle()
        #expect(try session.collect(ids, seconds: 0).missing == 250)
      }
    }
  }

  @Test("B4: names, MTUs and addresses that change under traffic disturb no reader")
  func changesUnderTraffic() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let watcher = try lab.client.connect()
      let far = lab.peer
      try far.startFlood([Frame.make(to: Frame.broadcast)], count: 20_000, framesPerSecond: 5_000)
      var name = "np0"
      var numbers: [Int] = []
      for round in 1...10 {
        let next = name == "np0" ? "np9" : "np0"
        try lab.ip("link set \(name) name \(next)")
        name = next
        try lab.ip("link set \(name) mtu \(1_400 + 100 * (round % 3))")
        try lab.ip("link set \(name) address 02:00:00:00:01:0\(round % 10)")
        numbers += try session.readBatch().frames.map(\.number)
      }
      try far.finishFlood()
      try eventually("the last frame") {
        if numbers.last == 20_000 { return true }
        numbers += try session.readBatch().frames.map(\.number)
        return numbers.last == 20_000
      }
      #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
      let now = try #require(try watcher.enumerate().bindings?.first)
      #expect(now.name == "np0" && now.mtu == 1_500 && now.address == "02:00:00:00:01:00")
      let frame = Frame.make(to: Frame.far, from: "020000000100")
      #expect(try session.write(frame).status == .success)
      #expect(try session.write(Frame.outward()).status == .sourceMismatch)
    }
  }

  @Test("B5: 400 flaps one behind the other keep nobody busy, and leave the state right")
  func flaps() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let daemon = try lab.daemon
      let (started, used) = (Deadline.now, daemon.processorSeconds)
      try lab.ipBatch(
        (1...400).map { "link set np0 \($0.isMultiple(of: 2) ? "up" : "down")" })
      let seconds = Double(Deadline.now - started) / 1e9
      let processor = daemon.processorSeconds - used
      // A tick of the kernel's clock more or less is no loop.
      #expect(processor < 0.2 * seconds + 0.05, "\(processor) s of \(seconds) s")
      try eventually("power and carrier") {
        let np0 = try session.enumerate().bindings?.first
        return np0?.power == 1 && np0?.link == 1
      }
      let far = lab.peer
      #expect(try session.write(Frame.outward(number: 1)).status == .success)
      #expect(try far.receive(1) == [Frame.outward(number: 1)])
      try far.send(Frame.make(number: 2))
      #expect(try session.read().frames == [Frame.make(number: 2)])
      #expect(daemon.logLines.count <= 20)
    }
  }

  @Test("B6: of 2,000 links that come at once the wanted ones are bound, and none is left over")
  func manyLinks() throws {
    let names = (1...2_000).map { "l\($0)" }
    let wanted = ["np0"] + names.enumerated().filter { $0.offset % 20 == 7 }.map(\.element)
    try Lab.run(Lab.Options(interfaces: wanted)) { lab in
      let session = try lab.client.open()
      let pairs = stride(from: 0, to: names.count, by: 2).map { (names[$0], names[$0 + 1]) }
      try lab.ipBatch(pairs.map { "link add \($0) group 7 type veth peer name \($1)" })
      try eventually("the kernel's inventory", seconds: 30) {
        try lab.boundInterfaces() == lab.linkInterfaces(wanted)
      }
      #expect(try lab.links().count == 2_002 && lab.boundInterfaces().count == 101)
      #expect(try session.write(Frame.outward()).status == .success)

      try lab.ip("link del group 7")
      try eventually("the kernel's inventory", seconds: 30) {
        try lab.boundInterfaces() == lab.linkInterfaces(wanted)
      }
      #expect(try lab.boundInterfaces().map(\.name) == ["np0"])
      #expect(try session.write(Frame.outward()).status == .success)
    }
  }

  @Test("B7: 500 clients killed at random moments leave nothing, and cost another one nothing")
  func kills() throws {
    try Lab.run { lab in
      let canary = try lab.client.open(flags: .noLoopback)
      let daemon = try lab.daemon
      let before = daemon.resources
      let seed = Int(Deadline.now % 1_000_000)
      let victims = lab.makeClient()
      try victims.kills(500, seed: seed)
      try victims.kill()
      try eventually("no leak after seed \(seed): \(before)") { daemon.resources == before }
      try lab.peer.send(Frame.make(number: 7))
      #expect(try canary.read().frames == [Frame.make(number: 7)], "seed \(seed)")
      #expect(try canary.write(Frame.outward()).status == .success)
    }
  }

  @Test("B12: a full interface queue is tried again, then said of each frame, and none is lost")
  func noBuffers() throws {
    // The interface's queue loses what it holds when it is taken away.
    try Lab.run(Lab.Options(ownsWire: false)) { lab in
      let session = try lab.client.open()
      let far = lab.peer
      try lab.tc("qdisc add dev np0 root tbf rate 8kbit burst 1600 limit 3000")
      let reply = try session.writeBatch(
        (1...60).map { Frame.outward(number: $0, byteCount: 1_514) })
      let errors = try #require(reply.statuses).map { $0[2] }
      let sent = errors.count { $0 == 0 }
      #expect(sent >= 2 && sent < 60)
      #expect(errors.count { $0 == UInt32(ENOBUFS) } == 60 - sent)
      #expect(reply.status == .noBuffers)
      #expect(reply.information == sent * 1_514)
      try lab.tc("qdisc del dev np0 root")
      #expect(try session.write(Frame.outward(number: 99)).status == .success)
      #expect(try far.receive(1).isEmpty == false)
    }
  }

  @Test("B19: while the filter changes all the time each frame is judged by the one or the other")
  func filterStorm() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let far = lab.peer
      let frames = [
        Frame.make(to: Frame.own), Frame.make(to: Frame.broadcast), Frame.make(to: Frame.group),
        Frame.make(to: Frame.foreign),
      ]
      try far.startFlood(frames, count: 40_000)
      var destinations: [String: Int] = [:]
      // Directed alone and broadcast alone: never a group, never a stranger's.
      for round in 1...500 {
        let filter = round.isMultiple(of: 2) ? "01000000" : "08000000"
        #expect(try session.set(.currentPacketFilter, filter).status == .success)
        if round.isMultiple(of: 10) {
          let read = try session.request("readBatch", ["most": 64])
          _ = try session.cancel(read)
          for frame in try session.reply(to: read).frames {
            destinations[String(frame.prefix(12)), default: 0] += 1
          }
        }
      }
      try far.finishFlood()
      #expect(Set(destinations.keys).isSubset(of: [Frame.own, Frame.broadcast]))
      #expect(destinations.values.reduce(0, +) > 0)

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

extension String {
  /// The number that `Frame.make` wrote behind the header.
  fileprivate var number: Int { Int(dropFirst(28).prefix(8), radix: 16) ?? -1 }
}

/// An interface by its index, and what it is called now.
struct BoundInterface: Hashable, Decodable {
  let ifindex: Int
  let name: String
}

extension Lab {
  /// What the daemon is bound to, in the order of the indices.
  func boundInterfaces() throws -> [BoundInterface] {
    let outcome = try ctl("--json", "bindings")
    guard outcome.exitCode == 0 else { throw LabError.failed("bindings: \(outcome.errors)") }
    return try outcome.lines.map {
      try JSONDecoder().decode(BoundInterface.self, from: Data($0.utf8))
    }.sorted { $0.ifindex < $1.ifindex }
  }

  /// Those of these names that the kernel has.
  func linkInterfaces(_ wanted: [String]) throws -> [BoundInterface] {
    try links().map { BoundInterface(ifindex: $0.ifindex, name: $0.ifname) }
      .filter { wanted.contains($0.name) }.sorted { $0.ifindex < $1.ifindex }
  }
}
