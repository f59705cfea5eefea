import Glibc
import NDIS
import Testing

/// The adapter of `ndisprotctl run` looks like its binding, whatever becomes of that.
@Suite(
  "A program on a virtual adapter: following", .serialized, .timeLimit(.minutes(15)),
  .tags(.integration), .needsNamespaces, .needsSeveralUsers)
struct RunFollowingTests {
  /// `ip monitor` inside, and a look at the start.
  private func startMonitor(
    _ lab: Lab, _ runCase: RunCase = RunCase()
  ) throws -> ChildProcess {
    let monitor = try lab.startRun(
      "sh", "-c",
      "ip -o monitor link & trap \"kill $!\" TERM; ip -o link show dev np0; echo ready; wait",
      with: runCase)
    while try #require(try monitor.nextText()) != "ready" {}
    return monitor
  }

  /// Reads lines up to one that has all of these texts, and none of those.
  private func awaitLine(
    _ monitor: ChildProcess, _ texts: String..., without: String = "\u{0}"
  ) throws {
    while let line = try monitor.nextText() {
      if texts.allSatisfy({ line.contains($0) }), !line.contains(without) { return }
    }
    throw LabError.failed("no line with \(texts): \(monitor.errorText)")
  }

  @Test(
    "MTU, address, power and carrier of the interface are seen inside",
    arguments: [RunCase.Device.open, .missing])
  func changes(device: RunCase.Device) throws {
    try Lab.runProgram { lab in
      let monitor = try startMonitor(lab, RunCase(device: device))
      try lab.ip("link set np0 mtu 1400")
      try awaitLine(monitor, "np0", "mtu 1400")
      try lab.ip("link set np0 address 02:00:00:00:00:77")
      try awaitLine(monitor, "link/ether 02:00:00:00:00:77")
      try lab.farIP("link set np1 down")
      try awaitLine(monitor, "np0", "NO-CARRIER")
      try lab.farIP("link set np1 up")
      try awaitLine(monitor, "np0", "LOWER_UP", without: "NO-CARRIER")
      try lab.ip("link set np0 down")
      try awaitLine(monitor, "np0", "NO-CARRIER")
      try lab.ip("link set np0 up")
      try awaitLine(monitor, "np0", "LOWER_UP", without: "NO-CARRIER")
      monitor.send(SIGTERM)
      _ = try monitor.exitCode()
    }
  }

  @Test("a renamed interface is renamed inside")
  func rename() throws {
    try Lab.runProgram { lab in
      let monitor = try startMonitor(lab)
      try lab.ip("link set np0 down")
      try lab.ip("link set np0 name np8")
      try lab.ip("link set np8 up")
      try awaitLine(monitor, ": np8")
      monitor.send(SIGTERM)
      _ = try monitor.exitCode()
    }
  }

  @Test(
    "a daemon that goes takes the carrier with it, and one that comes back resumes both ways",
    arguments: [true, false])
  func resume(isKilled: Bool) throws {
    try withRestarts { lab, restarts in
      let program = try lab.startRun(
        "tcpdump", "-i", "np0", "-Q", "in", "--immediate-mode", "-l", "-n", "-t", "-xx", "-c", "2")
      try eventually("tcpdump: \(program.errorText)") {
        program.errorText.contains("listening on np0")
      }
      try lab.peer.send(Frame.make(number: 1))
      while try #require(try program.nextText()).contains("0x0030") == false {}
      try restarts.restart(kills: isKilled)
      try eventually("resumed: \(program.errorText)") {
        program.errorText.contains("run: np0 is back")
      }
      #expect(program.errorText.contains("run: np0 is gone: the daemon hung up"))
      try lab.peer.send(Frame.make(number: 2))
      let seen = Tcpdump.frames(of: try program.rest())
      #expect(seen == [Frame.make(number: 2)])
      #expect(try program.exitCode() == 0, "\(program.errorText)")
    }
  }

  @Test("a binding that goes takes the carrier with it, and its successor of the same name resumes")
  func successor() throws {
    try Lab.runProgram { lab in
      let monitor = try startMonitor(lab)
      try lab.ip("link del np0")
      try awaitLine(monitor, "np0", "NO-CARRIER")
      try lab.layCable(0)
      try awaitLine(monitor, "np0", "LOWER_UP", without: "NO-CARRIER")
      try eventually("resumed: \(monitor.errorText)") {
        monitor.errorText.contains("run: np0 is back")
      }
      monitor.send(SIGTERM)
      _ = try monitor.exitCode()
    }
  }

  @Test("promiscuous mode is asked for while a program wants it, and not longer")
  func promiscuous() throws {
    try Lab.runProgram { lab in
      let script = """
        ip link set np0 promisc on; echo on; read line; ip link set np0 promisc off; echo off; read line
        """
      let program = try lab.startRun("sh", "-c", script, with: RunCase(options: ["-v"]))
      #expect(try program.nextText() == "on")
      try eventually("0x2f: \(program.errorText)") {
        program.errorText.contains("packet filter 0x0000002F")
      }
      try program.writeLine([])
      #expect(try program.nextText() == "off")
      try eventually("0x0f: \(program.errorText)") {
        program.errorText.split(separator: "\n").last?.contains("packet filter 0x0000000F") == true
      }
      try program.writeLine([])
      #expect(try program.exitCode() == 0)
    }
  }

  @Test("a rule that gives less than a program wants is said, and the rest works")
  func lesserRule() throws {
    try Lab.runProgram(rights: "\"read\", \"write\"") { lab in
      let program = try lab.startRun(
        "tcpdump", "-i", "np0", "--immediate-mode", "-l", "-n", "-t", "-xx", "-c", "1")
      try eventually("tcpdump: \(program.errorText)") {
        program.errorText.contains("listening on np0")
          && program.errorText.contains("asked for promiscuous mode")
      }
      #expect(program.errorText.contains("run: the program hears no groups of np0"))
      try lab.peer.send(
        Frame.make(to: Frame.foreign, number: 1), Frame.make(to: Frame.group, number: 2),
        Frame.make(number: 3))
      #expect(Tcpdump.frames(of: try program.rest()) == [Frame.make(number: 3)])
    }
  }

  @Test("a rule that lists EtherTypes refuses a run that names none, and says what to write")
  func listedTypes() throws {
    try Lab.runProgram(types: "\"eapol\"") { lab in
      let refused = try lab.run("true")
      #expect(refused.exitCode == 125)
      #expect(refused.errors.contains("--ethertype"))
      let allowed = RunCase(options: ["--ethertype", "eapol"])
      #expect(try lab.run("true", with: allowed).exitCode == 0)
    }
  }

  /// Runs a test that may put another daemon in the place of the present one.
  private func withRestarts(_ body: (Lab, Restarts) throws -> Void) throws {
    let rule = Policy.rule(
      "run", "\"any\", \"llc\"", "\"read\", \"write\", \"set-oid\", \"promiscuous\"",
      more: "vlans = [\"any\"]")
    // What a daemon that was killed sent is nobody's to count.
    try Lab.run(
      Lab.Options(
        startsDaemon: false, configuration: Policy.text(rule), ownsWire: false)
    ) { lab in try body(lab, try Restarts(lab)) }
  }

  /// One daemon after the other, on the same socket.
  private final class Restarts {
    private let lab: Lab
    private(set) var daemon: Daemon

    init(_ lab: Lab) throws {
      self.lab = lab
      daemon = try Daemon(lab, configuration: lab.configurationPath)
      try daemon.waitUntilReady()
    }

    func restart(kills: Bool) throws {
      if kills { try daemon.kill() } else { #expect(try daemon.stop() == 0) }
      daemon = try Daemon(lab, configuration: lab.configurationPath)
      try daemon.waitUntilReady()
    }
  }
}
