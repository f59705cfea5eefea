import Glibc
import NDIS
import Testing

/// The daemon follows an interface wherever it goes.
@Suite(
  "Following an interface", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct FollowingTests {
  @Test("A-8: an interface that is named twice, once by its later name, has one binding")
  func namedTwice() throws {
    try Lab.run(Lab.Options(interfaces: ["np0", "np9", "np0"])) { lab in
      let session = try lab.client.open()
      #expect(try session.enumerate().bindings?.map(\.name) == ["np0"])
      try lab.ip("link set np0 name np9")
      try eventually("the new name") { try session.enumerate().bindings?.first?.name == "np9" }
      #expect(try session.enumerate().count == 1)
      #expect(try session.write(Frame.outward()).status == .success)
      #expect(try lab.daemon.logLines.count { $0.contains("bound np0: address") } == 1)
    }
  }

  @Test("A-25: what the kernel's ring had no room for is counted apart, and laws hold")
  func ringDrops() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      try lab.daemon.whileStopped {
        try lab.peer.startFlood([Frame.make()], count: 40_000)
        try lab.peer.finishFlood()
      }
      let laws = ConservationLaws(lab)
      try eventually("all 40,000 frames") {
        try laws.objects().contains { $0.kind == "binding" && $0[.kernelPackets] == 40_000 }
      }
      try laws.check("behind the flood", wire: true)
      let objects = try laws.objects()
      let binding = try #require(objects.first { $0.kind == "binding" })
      let open = try #require(objects.first { $0.kind == "open" })
      #expect(binding[.kernelDrops] > 0)
      #expect(binding[.rxFrames] == 40_000 - binding[.kernelDrops])
      // What the ring of the binding overwrote is another counter.
      #expect(open[.rxOffered] == binding[.rxFrames])
      #expect(try session.readBatch().status == .success)
    }
  }

  @Test("a larger MTU is followed: longer frames arrive whole, and go out, through the same open")
  func largerMTU() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let far = lab.peer
      let read = try session.startRead(room: 4_000)
      try session.settle()
      for interface in ["np0", "np1"] {
        let command = "link set \(interface) mtu 4000"
        if interface == "np0" { try lab.ip(command) } else { try lab.farIP(command) }
      }
      try eventually("the new MTU") { try session.enumerate().bindings?.first?.mtu == 4_000 }
      let long = Frame.make(number: 1, byteCount: 4_014)
      // The handle that follows has slots of 4,096 bytes: as many as 16 MiB hold.
      let laws = ConservationLaws(lab)
      try eventually("a handle for the new MTU") {
        try laws.objects().contains { $0.kind == "binding" && $0[.ringFrames] == 4_096 }
      }
      #expect(try session.write(Frame.outward(number: 2, byteCount: 4_014)).status == .success)
      #expect(try far.receive(1) == [Frame.outward(number: 2, byteCount: 4_014)])
      try far.send(long)
      let cut = try #require(try session.reply(to: read).records?.first)
      #expect(cut.originalLength == 4_014 && cut.bytes == String(long.prefix(8_000)))
      try far.send(long)
      let whole = try #require(try session.read(room: 5_000).records?.first)
      #expect(whole.bytes == long && whole.flags == 0)
    }
  }

  @Test("an interface that moves to another namespace is gone, with every request completed")
  func movesAway() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let watcher = try lab.client.connect()
      let reads = try session.startReads(20)
      try session.settle()
      // The packet socket says nothing of it: RTM_DELLINK does.
      try lab.sendAway("np0")
      #expect(try session.collect(reads).count(.adapterRemoved) == 20)
      #expect(try session.write(Frame.outward()).status == .bindingGone)
      try eventually("no binding") { try watcher.enumerate().count == 0 }
    }
  }

  @Test("a reader that waits hears at once of frames behind a flap, a rename and a new address")
  func allAtOnce() throws {
    try Lab.run(Lab.Options(interfaces: ["np0"])) { lab in
      let session = try lab.client.open()
      let read = try session.startRead()
      try session.settle()
      try lab.ip("link set np0 down")
      try lab.ip("link set np0 name np9")
      try lab.ip("link set np9 address 02:00:00:00:00:aa")
      try lab.ip("link set np9 up")
      try eventually("power, carrier, name and address") {
        let np9 = try session.enumerate().bindings?.first
        return np9?.power == 1 && np9?.link == 1 && np9?.name == "np9"
          && np9?.address == "02:00:00:00:00:aa"
      }
      let frame = Frame.make(to: "0200000000aa", number: 5)
      try lab.peer.send(Frame.make(number: 4), frame)
      #expect(try session.reply(to: read).frames == [frame])
    }
  }
}
