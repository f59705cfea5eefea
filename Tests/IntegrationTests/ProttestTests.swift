import Glibc
import NDIS
import Testing

@Suite(
  "ndisprotctl prottest", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct ProttestTests {
  @Test("T-8: -e prints index, name and description of each binding, in the order of binding")
  func enumerates() throws {
    let options = Lab.Options(
      cables: 2, preparation: ["link set np0 alias downlink", "link set np2 alias uplink"],
      interfaces: ["np0", "np2"])
    try Lab.run(options) { lab in
      let outcome = try lab.ctl("prottest", "-e")
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(
        outcome.output == " 0. np0\n     - downlink\n 1. np2\n     - uplink\n")
    }
  }

  @Test("T-14: two frames to the own address are written, then read, and the wire has them too")
  func writesThenReads() throws {
    try Lab.run { lab in
      let far = lab.peer
      let outcome = try lab.ctl("prottest", "-n", "2", "np0")
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(
        outcome.lines == [
          "DoWriteProc: finished sending 2 packets of 100 bytes each",
          "DoReadProc finished: read 2 packets",
        ])
      #expect(try far.receive(2) == [sampleFrame(100), sampleFrame(100)])
    }
  }

  @Test("T-14: with --compat only the 4 newest of 6 frames to oneself come back, and reads wait")
  func compat() throws {
    try Lab.run { lab in
      let command = try lab.startCtl("prottest", "--compat", "-n", "6", "np0")
      #expect(try line(command) == "DoWriteProc: finished sending 6 packets of 100 bytes each")
      #expect(throws: (any Error).self) { try command.nextLine(within: 0.3) }
      try lab.peer.send(Frame.numbered(2))
      #expect(try line(command) == "DoReadProc finished: read 6 packets")
      #expect(try command.exitCode() == 0)
    }
  }

  @Test("T-12, T-9: -m and -l give the destination and the length; the source is the adapter's")
  func destinationAndLength() throws {
    try Lab.run { lab in
      let far = lab.peer
      let command = try lab.startCtl(
        "prottest", "-m", "02:00:00:00:00:02", "-l", "300", "-n", "3", "np0")
      let written = try far.receive(3)
      #expect(written == Array(repeating: sampleFrame(300, to: Frame.far), count: 3))
      #expect(try line(command) == "DoWriteProc: finished sending 3 packets of 300 bytes each")
      try far.send(Frame.numbered(3))
      #expect(try line(command) == "DoReadProc finished: read 3 packets")
      #expect(try command.exitCode() == 0)
    }
  }

  @Test("T-10: -r only reads; as the last of -w and -r it wins")
  func readsOnly() throws {
    try Lab.run { lab in
      let command = try lab.startCtl("prottest", "-w", "-r", "-n", "2", "np0")
      try awaitOpen(lab)
      try lab.peer.send(Frame.numbered(2))
      #expect(try line(command) == "DoReadProc finished: read 2 packets")
      #expect(try command.exitCode() == 0)
      #expect(try lab.peer.receive(1, seconds: 1).isEmpty)
    }
  }

  @Test("T-13: with -f the first write is refused, nothing is sent, and reads follow")
  func fakeSource() throws {
    try Lab.run { lab in
      let command = try lab.startCtl("prottest", "-f", "-n", "1", "np0")
      let failed = try #require(try line(command))
      #expect(failed.hasPrefix("DoWriteProc: WriteFile failed on Handle 00000000"))
      #expect(try line(command) == "DoWriteProc: finished sending 0 packets of 100 bytes each")
      try lab.peer.send(Frame.numbered(1))
      #expect(try line(command) == "DoReadProc finished: read 1 packets")
      #expect(try command.exitCode() == 1)
      #expect(command.errorText.contains("the source address is not the interface's"))
      #expect(try lab.peer.receive(1, seconds: 1).isEmpty)
    }
  }

  @Test("it opens as the sample does: alone, and one that is taken fails with 5")
  func opensAlone() throws {
    try Lab.run { lab in
      let first = try lab.startCtl("prottest", "-r", "np0")
      try awaitOpen(lab)
      let second = try lab.ctl("prottest", "-r", "np0")
      #expect(second.exitCode == 5)
      #expect(second.lines == ["Failed to access np0"])
      #expect(second.errors.hasPrefix("ndisprotctl: prottest np0: "))
      #expect(try lab.ctl("read", "np0", "-n", "1", "--timeout", "1").exitCode == 5)
      first.send(SIGINT)
      #expect(try line(first) == "DoReadProc finished: read 0 packets")
      #expect(try first.exitCode() == 0)
    }
  }

  @Test("T-16: each step that fails prints its own line, and no further step is made")
  func failingSteps() throws {
    try Lab.run { lab in
      let absent = try lab.ctl("prottest", "nosuch")
      #expect(absent.exitCode == 4 && absent.lines == ["Failed to access nosuch"])
      #expect(try lab.daemon.stop() == 0)
      let unreachable = try lab.ctl("prottest", "np0")
      #expect(unreachable.exitCode == 3)
      #expect(unreachable.lines == ["Failed to open \(lab.socketPath)"])
    }
  }

  @Test("T-10: when the interface goes, the read fails by its line, and the count is told")
  func interfaceGoes() throws {
    try Lab.run { lab in
      let command = try lab.startCtl("prottest", "-r", "np0")
      try awaitOpen(lab)
      try lab.peer.send(Frame.numbered(1))
      try lab.ip("link del np0")
      let failed = try #require(try line(command))
      #expect(failed.hasPrefix("DoReadProc: ReadFile failed on Handle 00000000"))
      #expect(failed.hasSuffix(", error \(String(ENODEV, radix: 16))"))
      #expect(try #require(try line(command)).hasPrefix("DoReadProc finished: read "))
      #expect(try command.exitCode() == 1)
    }
  }

  @Test(
    "T-2, T-3, T-4, T-15: what cannot work is refused before anything is sent, with 64",
    arguments: [
      [], ["-l", "0", "np0"], ["-l", "13", "np0"], ["-n", "0", "np0"], ["-n", "x", "np0"],
      ["-n", "-3", "np0"], ["-m", "02:00", "np0"], ["-m"], ["-x", "np0"], ["-r"],
    ])
  func usage(arguments: [String]) throws {
    try Lab.run(Lab.Options(startsDaemon: false)) { lab in
      let outcome = try lab.ctl(["prottest"] + arguments)
      #expect(outcome.exitCode == 64 && outcome.output.isEmpty)
      #expect(outcome.errors.hasPrefix("ndisprotctl: usage: "))
      #expect(outcome.errors.contains("Write"))
    }
  }

  @Test("-? shows help")
  func help() throws {
    try Lab.run(Lab.Options(startsDaemon: false)) { lab in
      let outcome = try lab.ctl("prottest", "-?")
      #expect(outcome.exitCode == 0 && outcome.output.contains("-l <length>"))
    }
  }

  private func line(_ command: ChildProcess) throws -> String? {
    try command.nextLine().map { String(decoding: $0, as: UTF8.self) }
  }

  /// Waits until somebody has np0 open: frames from then on are queued.
  private func awaitOpen(_ lab: Lab) throws {
    let session = try lab.client.connect()
    try eventually("np0 is open") { try session.enumerate().bindings?.first?.opens == 1 }
  }

  /// The frame of rule T-12.
  private func sampleFrame(_ byteCount: Int, to destination: String = Frame.own) -> String {
    let payload = (0..<byteCount - 14).map { number in
      let hex = String(number % 256, radix: 16)
      return hex.count == 1 ? "0" + hex : hex
    }
    return destination + Frame.own + "888e" + payload.joined()
  }
}
