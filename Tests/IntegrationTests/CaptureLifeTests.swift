import Glibc
import NDIS
import Testing

/// No capture dies: whatever becomes of its handle, an open binding hears and sends.
@Suite(
  "The life of a capture handle", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct CaptureLifeTests {
  @Test("fault 2: behind down, rename and up, again and again, the open hears and sends")
  func renamedWhileDown() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let names = ["np0", "zz0"]
      for round in 0..<6 {
        let (old, new) = (names[round % 2], names[1 - round % 2])
        try lab.ip("link set \(old) down")
        try lab.ip("link set \(old) name \(new)")
        try lab.ip("link set \(new) up")
        try eventually("power and name") {
          let entry = try session.enumerate().bindings?.first
          return entry?.power == 1 && entry?.name == new
        }
        try heard(lab, round)
        #expect(try session.write(Frame.outward()).status == .success)
      }
    }
  }

  /// A frame that is sent is captured; the cable needs a moment to carry again.
  private func heard(_ lab: Lab, _ number: Int) throws {
    let laws = ConservationLaws(lab)
    let captured = { try laws.objects().first { $0.kind == "binding" }?[.rxFrames] ?? 0 }
    let before = try captured()
    try eventually("a frame behind a flap") {
      try lab.peer.send(Frame.make(number: number))
      return try captured() > before
    }
  }

  @Test("fault 6: a pause that meets a growing MTU holds until it is restarted")
  func pauseBehindMTU() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      try lab.farIP("link set np1 mtu 9000")
      for round in 0..<8 {
        try lab.ip("link set np0 mtu \(1_520 + 20 * round)")
        #expect(try lab.ctl("pause", "np0").exitCode == 0)
        try eventually("the MTU") {
          try session.enumerate().bindings?.first?.mtu == 1_520 + 20 * round
        }
        #expect(try session.enumerate().bindings?.first?.state == BindingState.paused.rawValue)
        #expect(try lab.ctl("restart", "np0").exitCode == 0)
        #expect(try session.enumerate().bindings?.first?.state == BindingState.running.rawValue)
      }
    }
  }

  @Test("fault 7: opens with `outgoing` that come and go cost another open no frame uncounted")
  func outgoingBesideTraffic() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      try lab.peer.startFlood([Frame.make()], count: 20_000)
      for _ in 0..<5 {
        let other = try lab.client.open(flags: .outgoing, types: [0x88CC])
        #expect(try other.closeDevice().status == .success)
      }
      try lab.peer.finishFlood()
      let laws = ConservationLaws(lab)
      try eventually("all 20,000 frames") {
        try laws.objects().contains { $0.kind == "binding" && $0[.kernelPackets] == 20_000 }
      }
      try laws.check("behind the flood", wire: true)
      #expect(try session.readBatch().status == .success)
    }
  }

  @Test("fault 14: an interface named nflog is not bound, and the log says why and what helps")
  func foreignName() throws {
    try Lab.run(
      Lab.Options(
        preparation: ["link add nflog type veth peer name peer0", "link set nflog up"],
        interfaces: ["np0", "nflog"])
    ) { lab in
      #expect(try lab.client.connect().enumerate().bindings?.map(\.name) == ["np0"])
      let lines = try lab.daemon.logLines
      #expect(lines.contains { $0.contains("nflog is not bound") && $0.contains("altname") })
    }
  }
}
