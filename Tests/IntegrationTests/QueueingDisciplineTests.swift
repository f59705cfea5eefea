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
