import FoundationEssentials
import Glibc
import NDIS
import Testing

/// Interfaces that do what they like: faults of `ndisprotd.docc/Reliability.md` section 2.
@Suite(
  "Faults of interfaces", .serialized, .timeLimit(.minutes(FaultForm.isLong ? 120 : 15)),
  .tags(.integration), .needsNamespaces)
struct FaultTests {
  @Test("B3: 1,000 reads pended on a deleted interface complete once each, ten times over")
  func thousandReads() throws {
    try Lab.run { lab in
      let clients = try (1...4).map { _ in try lab.client.connect() }
      let watchers = try (1...2).map { _ in try lab.client.connect() }
      for session in clients + watchers {
        #expect(try session.subscribe(EventKindSet(.bindingRemoved)).status == .success)
      }
      for round in 1...FaultForm.count(short: 10, long: 1_000) {
        if round > 1 { try lab.layCable(0) }
        #expect(try clients[0].wait(for: ["np0"], milliseconds: 60_000).status == .success)
        for session in clients { #expect(try session.open("np0").status == .success) }
        let reads = try clients.map { try $0.startReads(250) }
        for session in clients { try session.settle() }
        try lab.ip("link del np0")
        for (session, ids) in zip(clients, reads) {
          let collected = try session.collect(ids)
          #expect(collected.count(.adapterRemoved) == 250)
          #expect(collected.missing == 0 && collected.repeated == 0)
          // Whatever came twice would be in front of this reply.
          try session.settle()
          #expect(try session.collect(ids, seconds: 0).missing == 250)
        }
        for session in clients + watchers {
          let events = try session.events(1)
          #expect(events.map(\.eventKind) == [.bindingRemoved])
          #expect(events.map(\.binding?.name) == ["np0"])
        }
        for session in clients { #expect(try session.closeDevice().status == .success) }
      }
    }
  }

  @Test(
    "B4: names, MTUs and addresses that change under traffic: one event each, no reader notices")
  func changesUnderTraffic() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let watcher = try lab.client.connect()
      let changes = EventKindSet([EventKind.name, .mtu, .address].map { EventKindSet($0) })
      #expect(try watcher.subscribe(changes).status == .success)
      let far = lab.peer
      let rounds = FaultForm.count(short: 10, long: 1_000)
      let count = 2_000 * rounds
      try far.startFlood([Frame.make(to: Frame.broadcast)], count: count, framesPerSecond: 5_000)
      var name = "np0"
      var numbers: [Int] = []
      for round in 1...rounds {
        let next = name == "np0" ? "np9" : "np0"
        let mtu = 1_400 + 100 * ((round + 1) % 3)
        let address = "02:00:00:00:01:0\(round % 10)"
        let steps: [(command: String, kind: EventKind)] = [
          ("link set \(name) name \(next)", .name), ("link set \(next) mtu \(mtu)", .mtu),
          ("link set \(next) address \(address)", .address),
        ]
        for (command, kind) in steps {
          try lab.ip(command)
          let event = try #require(try watcher.events(1).first)
          #expect(event.eventKind == kind && event.changes == 1 && event.lost == 0)
          if kind == .address {
            #expect(event.binding?.name == next && event.binding?.mtu == mtu)
            #expect(event.binding?.address == address)
          }
        }
        name = next
        numbers += try session.readBatch().frames.map(\.number)
      }
      try far.finishFlood()
      try eventually("the last frame") {
        if numbers.last == count { return true }
        numbers += try session.readBatch().frames.map(\.number)
        return numbers.last == count
      }
      #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
      #expect(try watcher.events(1, seconds: 0).isEmpty)
      let frame = Frame.make(to: Frame.far, from: "020000000100")
      #expect(try session.write(frame).status == .success)
      #expect(try session.write(Frame.outward()).status == .sourceMismatch)
    }
  }

  @Test("B5: 100 flaps a second for 10 s keep nobody busy, and leave the state right")
  func flaps() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let daemon = try lab.daemon
      let flapper = try JSONProgram(
        "flap", behind: lab.nearWords([]), argument: "np0", errorPath: lab.filePath("flap"))
      for _ in 1...FaultForm.count(short: 1, long: 10) {
        let used = daemon.processorSeconds
        let flapped: [String: Double] = try flapper.ask(
          "flap", ["count": 1_000, "rate": 100])
        let seconds = try #require(flapped["seconds"])
        let processor = daemon.processorSeconds - used
        // A tick of the kernel's clock more or less is no loop.
        #expect(processor < 0.2 * seconds + 0.05, "\(processor) s of \(seconds) s")
      }
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

  @Test("B6: 2,000 links come and go while nobody listens: what was lost is asked for again")
  func manyLinks() throws {
    let names = (1...2_000).map { "l\($0)" }
    let wanted = ["np0"] + names.enumerated().filter { $0.offset % 20 == 7 }.map(\.element)
    try Lab.run(Lab.Options(interfaces: wanted)) { lab in
      let session = try lab.client.open()
      let daemon = try lab.daemon
      let pairs = stride(from: 0, to: names.count, by: 2).map { (names[$0], names[$0 + 1]) }
      for _ in 1...FaultForm.count(short: 1, long: 20) {
        // The socket of a daemon that stands still overflows: ENOBUFS is the next that it hears.
        for commands in [
          pairs.map { "link add \($0) group 7 type veth peer name \($1)" }, ["link del group 7"],
        ] {
          let lost = daemon.lostLinkMessages
          let resyncs = try lab.linkResyncs()
          try daemon.whileStopped { try lab.ipBatch(commands) }
          #expect(daemon.lostLinkMessages > lost)
          try eventually("the kernel's inventory", seconds: 30) {
            try lab.boundInterfaces() == lab.linkInterfaces(wanted)
          }
          #expect(try lab.linkResyncs() > resyncs)
          #expect(try session.write(Frame.outward()).status == .success)
          #expect(try lab.boundInterfaces().count == (commands.count > 1 ? 101 : 1))
        }
      }
      #expect(try lab.boundInterfaces().map(\.name) == ["np0"])
    }
  }
}

extension String {
  /// The number that `Frame.make` wrote behind the header.
  var number: Int { Int(dropFirst(28).prefix(8), radix: 16) ?? -1 }
}

/// An interface by its index, and what it is called now.
struct BoundInterface: Hashable, Decodable {
  let ifindex: Int
  let name: String
}

extension Lab {
  /// How often the daemon asked for all links again.
  fileprivate func linkResyncs() throws -> UInt64 {
    try ConservationLaws(self).objects().first { $0.kind == "daemon" }?[.linkResyncs] ?? 0
  }

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
