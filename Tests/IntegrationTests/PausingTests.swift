import FoundationEssentials
import Glibc
import NDIS
import Testing

/// `ndisprotctl pause` and `restart`, and `watch` beside them.
@Suite(
  "Pause and watch", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct PausingTests {
  @Test("A-54: paused, writes are refused, frames dropped and counted, reads and OIDs go on")
  func pauseAndRestart() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let read = try session.startRead()
      try session.settle()
      #expect(try lab.ctl("pause", "np0").exitCode == 0)
      #expect(try session.enumerate().bindings?.first?.state == BindingState.paused.rawValue)
      #expect(try session.write(Frame.outward()).status == .paused)
      #expect(try session.write(Frame.outward(byteCount: 13)).status == .frameTooShort)
      try lab.peer.send(Frame.make(number: 1), Frame.make(number: 2))
      let laws = ConservationLaws(lab)
      try eventually("both frames dropped") {
        try laws.objects().contains { $0.kind == "open" && $0[.rxDropState] == 2 }
      }
      #expect(try session.isPending(read))
      #expect(try session.query(.currentAddress).status == .success)
      // A second open may be made, and pausing what is paused changes nothing.
      let other = try lab.client.open()
      #expect(try lab.ctl("pause", "np0").exitCode == 0)

      #expect(try lab.ctl("restart", "np0").exitCode == 0)
      let frame = Frame.make(number: 3)
      try lab.peer.send(frame)
      #expect(try session.reply(to: read).frames == [frame])
      #expect(try other.read().frames == [frame])
      #expect(try session.write(Frame.outward()).status == .success)
    }
  }

  @Test("A-54: what was queued when the pause began is forgotten and counted")
  func flushed() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      try lab.peer.send(Frame.make(number: 1), Frame.make(number: 2))
      let laws = ConservationLaws(lab)
      try eventually("both frames queued") {
        try laws.objects().contains { $0.kind == "open" && $0[.rxQueued] == 2 }
      }
      #expect(try lab.ctl("pause", "np0").exitCode == 0)
      try eventually("both frames flushed") {
        try laws.objects().contains { $0.kind == "open" && $0[.rxDropFlushed] == 2 }
      }
      #expect(try lab.ctl("restart", "np0").exitCode == 0)
      let frame = Frame.make(number: 3)
      try lab.peer.send(frame)
      #expect(try session.read().frames == [frame])
    }
  }

  @Test("A-56: restart reaches Running without new attributes and with them")
  func restart() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      for mtu in [1_500, 2_000, 1_000] {
        #expect(try lab.ctl("pause", "np0").exitCode == 0)
        for (interface, isFar) in [("np0", false), ("np1", true)] {
          let command = "link set \(interface) mtu \(mtu)"
          if isFar { try lab.farIP(command) } else { try lab.ip(command) }
        }
        try eventually("the MTU") { try session.enumerate().bindings?.first?.mtu == mtu }
        #expect(try session.enumerate().bindings?.first?.state == BindingState.paused.rawValue)
        #expect(try lab.ctl("restart", "np0").exitCode == 0)
        let np0 = try session.enumerate().bindings?.first
        #expect(np0?.state == BindingState.running.rawValue && np0?.mtu == mtu)
        let long = Frame.outward(number: mtu, byteCount: mtu + 14)
        #expect(try session.write(long).status == .success)
        let tooLong = try session.write(Frame.outward(byteCount: mtu + 15))
        #expect(tooLong.status == .frameTooLong && tooLong.bytesNeeded == mtu + 14)
      }
      // Running already: nothing to do.
      #expect(try lab.ctl("restart", "np0").exitCode == 0)
    }
  }

  @Test("pause without anybody who has it open, over a flap; an open made meanwhile hears nothing")
  func idle() throws {
    try Lab.run { lab in
      #expect(try lab.ctl("pause", "np0").exitCode == 0)
      let session = try lab.client.open()
      try lab.ip("link set np0 down")
      try lab.ip("link set np0 up")
      try lab.peer.send(Frame.make(number: 1))
      #expect(try session.write(Frame.outward()).status == .paused)
      #expect(try lab.ctl("restart", "np0").exitCode == 0)
      try eventually("the carrier") { try session.enumerate().bindings?.first?.link == 1 }
      let frame = Frame.make(number: 2)
      try lab.peer.send(frame)
      #expect(try session.read().frames == [frame])
    }
  }

  @Test("pause and restart are for administrators, and for a binding that is there")
  func refusals() throws {
    try Lab.run { lab in
      for command in ["pause", "restart"] {
        let absent = try lab.ctl(command, "np7")
        #expect(absent.exitCode == 4 && absent.errors.contains("no binding np7"))
        #expect(try lab.ctl(command).exitCode == 64)
        guard User.areSeveral else { continue }
        let other = try lab.ctl([command, "np0"], as: .allowed)
        #expect(
          other.exitCode == 6
            && other.errors.contains("only root and the user that runs the daemon may"))
      }
      #expect(try lab.client.open().write(Frame.outward()).status == .success)
    }
  }

  /// A line of `ndisprotctl --json watch`.
  struct Line: Decodable {
    let event: String
    let sequence: Int?
    let lost: Int?
    let changes: Int?
    let timestampNanoseconds: UInt64?
    let ifindex: Int?
    let name: String?
    let state: String?
    let link: String?
    let power: String?
    let address: String?
    let mtu: Int?
  }

  @Test(
    "watch prints what happens as it happens, an object a line, and ends with 3 when it is over")
  func watch() throws {
    try Lab.run { lab in
      let json = try lab.startCtl("--json", "watch")
      let text = try lab.startCtl("watch")
      #expect(try json.nextLine().map(line)?.event == "watching")
      #expect(try text.nextLine() == Array("watching".utf8))
      try lab.ip("link set np0 mtu 1400")
      let mtu = try #require(try json.nextLine().map(line))
      #expect(mtu.event == "mtu" && mtu.mtu == 1_400 && mtu.sequence == 1 && mtu.lost == 0)
      #expect(mtu.name == "np0" && mtu.state == "running" && mtu.changes == 1)
      let index = try #require(mtu.ifindex)
      let words = try #require(try text.nextLine())
      #expect(String(decoding: words, as: UTF8.self).hasSuffix(" np0@\(index): MTU 1400"))

      try lab.farIP("link set np1 down")
      let link = try #require(try json.nextLine().map(line))
      #expect(link.event == "linkState" && link.link == "down")
      #expect(
        String(decoding: try #require(try text.nextLine()), as: UTF8.self)
          .hasSuffix(": link down"))
      #expect(try lab.ctl("pause", "np0").exitCode == 0)
      #expect(try json.nextLine().map(line)?.state == "paused")

      text.send(SIGINT)
      #expect(try text.exitCode() == 0)
      #expect(try lab.daemon.stop() == 0)
      var rest: [String] = []
      while let bytes = try json.nextLine() { rest.append(try line(bytes).event) }
      #expect(rest.suffix(2) == ["shutdown", "error"], "\(rest)")
      #expect(try json.exitCode() == 3)
    }
  }

  private func line(_ bytes: [UInt8]) throws -> Line {
    try JSONDecoder().decode(Line.self, from: Data(bytes))
  }
}
