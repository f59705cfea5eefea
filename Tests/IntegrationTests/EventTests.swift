import Glibc
import NDIS
import Testing

/// What clients hear without asking: SUBSCRIBE.
@Suite(
  "Events", .serialized, .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces)
struct EventTests {
  @Test("A-71: np1 down and up is one disconnect and one connect, and the state is there already")
  func carrier() throws {
    try Lab.run { lab in
      let session = try lab.client.connect()
      #expect(try session.subscribe().status == .success)
      for (command, link) in [("down", UInt32(2)), ("up", 1)] {
        try lab.farIP("link set np1 \(command)")
        let event = try #require(try session.events(1).first)
        #expect(event.eventKind == .linkState && event.binding?.name == "np0")
        #expect(event.binding?.link == link && event.changes == 1 && event.lost == 0)
        #expect(try session.enumerate().bindings?.first?.link == link)
      }
      // Nothing came between them and this, nor after.
      try lab.ip("link set np0 mtu 1400")
      let last = try #require(try session.events(1).first)
      #expect(last.eventKind == .mtu && last.sequence == 3 && last.binding?.mtu == 1_400)
      #expect(try session.events(1, seconds: 1).isEmpty)
    }
  }

  @Test("A-72: of 100 events for a client that does not read 64 are kept, and 36 are missed")
  func lost() throws {
    try Lab.run { lab in
      let deaf = try lab.client.connect()
      let hearing = try lab.makeClient().connect()
      let power = EventKindSet(.powerState)
      #expect(try deaf.subscribe(power).status == .success)
      #expect(try hearing.subscribe(power).status == .success)
      let asked = try deaf.stuff()
      // A few at a time: what the kernel's socket has no room for is no event.
      let all = try (0..<10).flatMap { _ in
        try lab.ipBatch((0..<10).map { "link set np0 \($0.isMultiple(of: 2) ? "down" : "up")" })
        return try hearing.events(10)
      }
      #expect(all.map(\.sequence) == Array(1...100))
      #expect(all.allSatisfy { $0.lost == 0 && $0.eventKind == .powerState })
      #expect(all.map { $0.binding?.power } == (0..<100).map { $0.isMultiple(of: 2) ? 0 : 1 })

      let kept = try deaf.events(64)
      #expect(try deaf.events(1, seconds: 1).isEmpty)
      #expect(kept.map(\.sequence) == Array(37...100))
      #expect(kept.map(\.lost) == [36] + [Int](repeating: 0, count: 63))
      #expect(try deaf.collect(asked).count(.success) == asked.count)
      try lab.ip("link set np0 down")
      #expect(try deaf.events(1).first?.sequence == 101)
      try lab.ip("link set np0 up")
    }
  }

  @Test(
    "D-6: a binding comes, changes in every way, and goes: one event each, with what it is since")
  func everyKind() throws {
    try Lab.run(Lab.Options(cables: 1, interfaces: ["np0", "np2", "np9"])) { lab in
      let session = try lab.client.connect()
      #expect(try session.subscribe().status == .success)
      try lab.layCable(1)
      let added = try session.events(1)
      #expect(added.first?.eventKind == .bindingAdded && added.first?.binding?.name == "np2")
      let index = try #require(added.first?.binding?.interfaceIndex)
      _ = try lab.awaitEvent(session, .linkState) { $0.link == 1 }

      #expect(try session.subscribe(interfaceIndex: index).status == .success)
      try lab.ip("link set np2 address 02:00:00:00:00:aa")
      try lab.ip("link set np0 mtu 1300")
      try lab.ip("link set np2 mtu 1400")
      try lab.ip("link set np2 name np9")
      let changed = try session.events(3)
      #expect(changed.map(\.eventKind) == [.address, .mtu, .name])
      #expect(changed.first?.binding?.address == "02:00:00:00:00:aa")
      #expect(changed.last?.binding?.name == "np9" && changed.last?.binding?.mtu == 1_400)
      #expect(changed.allSatisfy { $0.binding?.interfaceIndex == index && $0.changes == 1 })

      #expect(try lab.ctl("pause", "np9").exitCode == 0)
      #expect(try lab.ctl("restart", "@\(index)").exitCode == 0)
      let states = try session.events(2)
      #expect(states.map(\.eventKind) == [.bindingState, .bindingState])
      #expect(states.compactMap { $0.binding?.state } == [2, 4])

      try lab.ip("link del np9")
      _ = try lab.awaitEvent(session, .bindingRemoved) { $0.interfaceIndex == index }
      #expect(try session.subscribe([]).status == .success)
      try lab.ip("link set np0 mtu 1500")
      #expect(try session.events(1, seconds: 1).isEmpty)
    }
  }

  @Test("D-35: what nobody reads is told once if only the last value matters, with how many it was")
  func coalescing() throws {
    try Lab.run { lab in
      let deaf = try lab.client.connect()
      let hearing = try lab.makeClient().connect()
      for session in [deaf, hearing] {
        #expect(try session.subscribe(EventKindSet(.mtu)).status == .success)
      }
      let asked = try deaf.stuff()
      try lab.ipBatch((1...200).map { "link set np0 mtu \(1_000 + $0)" })
      #expect(try hearing.events(200).reduce(0) { $0 + $1.changes } >= 1)
      try eventually("the last MTU") { try hearing.enumerate().bindings?.first?.mtu == 1_200 }
      let kept = try deaf.events(1)
      #expect(try deaf.events(1, seconds: 1).isEmpty)
      #expect(kept.first?.binding?.mtu == 1_200)
      // What the kernel itself told as one is one change.
      let changes = kept.first?.changes ?? 0
      #expect(changes > 1 && changes <= 200, "\(changes) changes")
      #expect(kept.first?.lost == 0 && kept.first?.sequence == 1)
      #expect(try deaf.collect(asked).count(.success) == asked.count)
    }
  }

  @Test("A-62: a daemon that stops says so before it hangs up, wherever the session is")
  func shutdown() throws {
    try Lab.run { lab in
      let onControl = try lab.client.connect()
      let onBinding = try lab.client.open()
      for session in [onControl, onBinding] {
        #expect(try session.subscribe(EventKindSet(.shutdown)).status == .success)
      }
      #expect(try lab.daemon.stop() == 0)
      for session in [onControl, onBinding] {
        let events = try session.events(1)
        #expect(events.map(\.eventKind) == [.shutdown] && events.first?.binding == nil)
        #expect(try session.closes())
      }
    }
  }

  @Test("a subscription follows its session from control to a binding and back, in order")
  func moving() throws {
    try Lab.run(Lab.twoCables) { lab in
      let session = try lab.client.connect()
      #expect(try session.subscribe(EventKindSet(.powerState)).status == .success)
      let flaps = (0..<10).flatMap { _ in ["link set np2 down", "link set np2 up"] }
      let all = try (0..<20).flatMap { _ in
        try lab.ipBatch(flaps)
        #expect(try session.open("np0").status == .success)
        try lab.ipBatch(flaps)
        #expect(try session.closeDevice().status == .success)
        // A few at a time: what the kernel's socket has no room for is no event.
        return try session.events(40)
      }
      #expect(all.map(\.sequence) == Array(1...800))
      #expect(all.map { $0.binding?.power } == (0..<800).map { $0.isMultiple(of: 2) ? 0 : 1 })
    }
  }

  @Test(
    "SUBSCRIBE with a bit that means nothing, cut or too long is refused, and the session lives")
  func malformed() throws {
    try Lab.run { lab in
      let session = try lab.client.connect()
      for payload in ["0100000000000000", "0004000000000000", "18000000", "180000000000000000"] {
        let reply = try session.reply(
          to: session.request("send", ["opcode": 9, "payload": .text(payload)]))
        #expect(reply.status == .invalidParameter)
      }
      #expect(try session.subscribe().status == .success)
    }
  }
}

extension Lab {
  /// Waits for an event of a kind whose binding is as described; others are passed over.
  func awaitEvent(
    _ session: ControlSession, _ kind: EventKind, _ isMeant: (Reply.Binding) -> Bool
  ) throws -> Reply.Event {
    for _ in 0..<20 {
      guard let event = try session.events(1).first else { break }
      if event.eventKind == kind, let binding = event.binding, isMeant(binding) { return event }
    }
    throw LabError.failed("no event \(kind.name) of this kind came")
  }
}
