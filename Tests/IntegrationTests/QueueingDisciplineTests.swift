import NDIS
import Testing

/// What a binding and an open have to say about the discipline between them and the driver.
@Suite(
  "Queueing discipline", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct QueueingDisciplineTests {
  @Test("frames of a binding with bypass_qdisc skip the discipline, and a reload takes it back")
  func bypass() throws {
    func text(_ binding: String) -> String {
      Policy.text(
        Policy.rule("full", "\"any\"", "\"read\", \"write\", \"all-frames\""), binding: binding)
    }
    try Lab.run(configuration: text("bypass_qdisc = true")) { lab in
      try lab.tc("qdisc add dev np0 root pfifo limit 100")
      let far = lab.peer
      let session = try lab.client.open()
      let witness = try lab.client.open(flags: .outgoing)
      let witnessed = try witness.startRead()
      let frames = (1...20).map { Frame.outward(number: $0) }
      #expect(try session.writeBatch(frames).status == .success)
      #expect(try far.receive(20) == frames)
      #expect(try lab.queuedFrames(on: "np0") == 0)
      // The kernel shows such frames to nothing on this host.
      #expect(try witness.isPending(witnessed))
      #expect(try !lab.daemon.log.contains("queueing discipline"))

      #expect(try lab.reload(text("")).exitCode == 0)
      #expect(try session.writeBatch(frames).status == .success)
      #expect(try lab.queuedFrames(on: "np0") == 0, "as long as the binding has an open")
      #expect(try session.closeDevice().status == .success)
      #expect(try witness.closeDevice().status == .success)
      #expect(try session.open("np0").status == .success)
      #expect(try session.writeBatch(frames).status == .success)
      #expect(try lab.queuedFrames(on: "np0") == 20)
      #expect(try far.receive(40) == frames + frames)
    }
  }
}

extension QueueingDisciplineTests {
  @Test("an open's priority is a right of its own, and its frames take their band on the wire")
  func priority() throws {
    func text(_ rights: String) -> String {
      Policy.text(
        Policy.rule("urgent", "\"0x88b5\"", "\"write\", \(rights)")
          + Policy.rule("usual", "\"0x88b6\"", "\"write\""))
    }
    try Lab.run(
      Lab.Options(configuration: text("\"priority\""), ownsWire: false)
    ) { lab in
      // A frame every 125 ms; the bands of pfifo_fast: 6 is urgent, 0 is usual.
      try lab.tc("qdisc add dev np0 root handle 1: tbf rate 64kbit burst 1600 latency 60s")
      try lab.tc("qdisc add dev np0 parent 1:1 pfifo_fast")
      let far = lab.peer
      let all = 63
      let refused = try lab.client.connect(features: all).open(
        "np0", flags: .priority(6), types: [0x88B6])
      #expect(refused.status == .notPermitted)
      let usual = try lab.client.open(types: [0x88B6], features: all)
      // 7 to 15 need no more than CAP_NET_RAW.
      let urgent = try lab.client.connect(features: all)
      #expect(try urgent.open("np0", flags: .priority(15), types: [0x88B5]).status == .success)
      #expect(try urgent.closeDevice().status == .success)
      #expect(try urgent.open("np0", flags: .priority(6), types: [0x88B5]).status == .success)
      func frames(_ type: String, _ numbers: ClosedRange<Int>) -> [String] {
        numbers.map { Frame.outward(type: type, number: $0, byteCount: 1_000) }
      }
      #expect(try usual.writeBatch(frames("88b6", 1...6)).status == .success)
      #expect(try urgent.writeBatch(frames("88b5", 1...3)).status == .success)
      #expect(try usual.writeBatch(frames("88b6", 7...7)).status == .success)
      let arrived = try far.receive(10)
      #expect(arrived.filter { frames("88b6", 1...7).contains($0) } == frames("88b6", 1...7))
      #expect(arrived.filter { frames("88b5", 1...3).contains($0) } == frames("88b5", 1...3))
      let lastUrgent = arrived.lastIndex { frames("88b5", 1...3).contains($0) }
      #expect(try #require(lastUrgent) < 9 && arrived.last == frames("88b6", 7...7)[0])

      #expect(try lab.reload(text("\"read\"")).exitCode == 0)
      let denied = try urgent.writeBatch(frames("88b5", 9...9))
      #expect(denied.status == .notPermitted)
    }
  }

  @Test("ndisprotctl write sends with a priority, and says what a rule does not give")
  func command() throws {
    let text = Policy.text(
      Policy.rule("usual", "\"any\"", "\"write\"", user: "everybody = true"))
    try Lab.run(configuration: text) { lab in
      let asRoot = try lab.ctl("write", "np0", "-n", "2", "--priority", "6")
      #expect(asRoot.exitCode == 0, "\(asRoot.errors)")
      let client = try lab.ctl(["write", "np0", "-n", "2", "--priority", "6"], as: .allowed)
      #expect(client.exitCode != 0 && client.errors.contains("rule 'usual'"))
      #expect(client.errors.contains("does not give priority"))
      #expect(try lab.ctl("write", "np0", "--priority", "16").exitCode == 64)
    }
  }
}

extension Lab {
  /// How many frames the root discipline of an interface of the daemon's has had.
  fileprivate func queuedFrames(on interface: String) throws -> Int? {
    let words = nearWords(["tc", "-s", "qdisc", "show", "dev", interface, "root"])
    let outcome = try ChildProcess.run(words, errorPath: filePath("tc"))
    let sent = outcome.output.split(separator: "\n").map { $0.split(separator: " ") }
      .first { $0.first == "Sent" }
    // "Sent 1200 bytes 20 pkt (…"
    guard let sent, sent.count > 3 else { return nil }
    return Int(sent[3])
  }
}
