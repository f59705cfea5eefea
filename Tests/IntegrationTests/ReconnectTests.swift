import FoundationEssentials
import Glibc
import NDIS
import Testing

@Suite(
  "A daemon that comes back", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct ReconnectTests {
  @Test(
    "fault B1: read --reconnect reads again when the daemon is back",
    arguments: [true, false])
  func readsAgain(isKilled: Bool) throws {
    try withRestarts { lab, restarts in
      let reader = try lab.startCtl("read", "np0", "-n", "3", "--reconnect")
      #expect(try line(reader) == "reading np0")
      try lab.peer.send(Frame.numbered(1))
      #expect(try #require(try line(reader)).contains(" 60 "))
      for number in 2...3 {
        try restarts.restart(kills: isKilled)
        let start = Deadline.now
        #expect(try line(reader) == "reading np0")
        print("B1: reads again \((Deadline.now - start) / 1_000_000) ms behind READY")
        try lab.peer.send([Frame.make(number: number)])
        #expect(try #require(try line(reader)).contains(" 60 "))
      }
      #expect(try #require(try line(reader)).hasPrefix("3 frames, 180 bytes"))
      #expect(try reader.exitCode() == 0)
    }
  }

  @Test("without --reconnect a read ends with 3 when the daemon is killed")
  func withoutReconnect() throws {
    try withRestarts { lab, restarts in
      let reader = try lab.startCtl("read", "np0")
      #expect(try line(reader) == "reading np0")
      try restarts.restart()
      #expect(try reader.exitCode() == 3)
    }
  }

  @Test("read --reconnect waits for an interface that the new daemon does not have yet")
  func waitsForInterface() throws {
    try withRestarts { lab, restarts in
      let reader = try lab.startCtl("read", "np0", "-n", "1", "--count-only", "--reconnect")
      #expect(try line(reader) == "reading np0")
      try lab.ip("link set np0 name away")
      try restarts.restart()
      try lab.ip("link set away name np0")
      #expect(try line(reader) == "reading np0")
      try lab.peer.send(Frame.numbered(1))
      #expect(try reader.exitCode() == 0)
    }
  }

  @Test(
    "--timeout and SIGINT end a wait for a daemon that stays away", arguments: [7, 0] as [Int32])
  func staysAway(code: Int32) throws {
    try withRestarts { lab, restarts in
      let reader = try lab.startCtl(
        "read", "np0", "-n", "1", "--reconnect", "--timeout", code == 7 ? "1" : "30")
      #expect(try line(reader) == "reading np0")
      try restarts.daemon.kill()
      if code == 0 {
        usleep(100_000)
        reader.send(SIGINT)
      }
      #expect(try #require(try line(reader)).hasPrefix("0 frames"))
      #expect(try reader.exitCode() == code)
    }
  }

  @Test("a writer whose daemon is killed says of every frame whether it was sent, or restarted")
  func writer() throws {
    try withRestarts { lab, restarts in
      let writer = try lab.startCtl(
        "--json", "write", "np0", "-n", "100000000", "--batch", "8", "--dst", "02:00:00:00:00:02")
      #expect(try lab.peer.receive(100).count == 100)
      try restarts.restart()
      #expect(try #require(try line(writer)).contains("\"name\":\"daemonGone\""))
      let text = try #require(try line(writer))
      #expect(text.contains("\"failed\":{\"restarted\":"))
      let summary = try JSONDecoder().decode(WriteSummary.self, from: Data(text.utf8))
      #expect(summary.submitted == summary.sent + summary.failed.values.reduce(0, +))
      #expect(summary.sent > 0)
      #expect(try writer.exitCode() == 3)
    }
  }

  private struct WriteSummary: Decodable {
    let submitted: UInt64
    let sent: UInt64
    let failed: [String: UInt64]
  }

  private func line(_ command: ChildProcess) throws -> String? {
    try command.nextLine().map { String(decoding: $0, as: UTF8.self) }
  }

  /// Runs a test that may put another daemon in the place of the present one.
  private func withRestarts(_ body: (Lab, Restarts) throws -> Void) throws {
    // What a daemon that was killed sent is nobody's to count.
    try Lab.run(Lab.Options(startsDaemon: false, ownsWire: false)) { lab in
      try body(lab, try Restarts(lab))
    }
  }

  /// One daemon after the other, on the same socket.
  private final class Restarts {
    private let lab: Lab
    private(set) var daemon: Daemon

    init(_ lab: Lab) throws {
      self.lab = lab
      daemon = try Daemon(lab)
      try daemon.waitUntilReady()
    }

    func restart(kills: Bool = true) throws {
      if kills { try daemon.kill() } else { #expect(try daemon.stop() == 0) }
      daemon = try Daemon(lab)
      try daemon.waitUntilReady()
    }
  }
}
