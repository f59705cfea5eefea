import Glibc
import Testing

@Suite(
  "What keeps the daemon from starting", .serialized, .timeLimit(.minutes(15)),
  .tags(.integration), .needsNamespaces)
struct StartUpErrorTests {
  private static let quiet = Lab.Options(startsDaemon: false)

  @Test("A-6: lo is refused by name, with exit code 69")
  func loopback() throws {
    try Lab.run(Self.quiet) { lab in
      let daemon = try Daemon(lab, interfaces: ["np0", "lo"])
      #expect(try daemon.exitCode() == 69)
      #expect(daemon.log.contains("lo is not bound: it is not Ethernet"))
      #expect(access(lab.socketPath, F_OK) != 0)
    }
  }

  @Test("without CAP_NET_RAW it ends with 77 and says what to do")
  func noCapability() throws {
    try Lab.run(Self.quiet) { lab in
      let daemon = try Daemon(lab, capabilities: "-all")
      #expect(try daemon.exitCode() == 77)
      #expect(daemon.log.contains("CAP_NET_RAW is missing"))
      #expect(daemon.logLines.count == 1)
    }
  }

  @Test("an interface that is not there is waited for, and the log says so")
  func noSuchInterface() throws {
    try Lab.run(Self.quiet) { lab in
      let daemon = try Daemon(lab, interfaces: ["nosuch"])
      try daemon.waitUntilReady()
      #expect(daemon.log.contains("nosuch"))
    }
  }

  @Test("a socket on which a daemon answers is left alone, with exit code 73")
  func socketOfLivingDaemon() throws {
    try Lab.run { lab in
      let second = try Daemon(lab)
      #expect(try second.exitCode() == 73)
      #expect(second.log.contains(lab.socketPath))
      let session = try lab.client.connect()
      #expect(try session.enumerate().count == 1)
    }
  }

  @Test("the socket of a daemon that was killed is used again")
  func socketOfDeadDaemon() throws {
    try Lab.run(Self.quiet) { lab in
      let first = try Daemon(lab)
      try first.waitUntilReady()
      try first.kill()
      #expect(access(lab.socketPath, F_OK) == 0)
      let second = try Daemon(lab)
      try second.waitUntilReady()
      let session = try lab.client.connect()
      #expect(try session.enumerate().count == 1)
    }
  }

  @Test("a file that is no socket is not touched, with exit code 73")
  func regularFile() throws {
    try Lab.run(Self.quiet) { lab in
      let path = lab.filePath("file")
      close(open(path, O_WRONLY | O_CREAT, 0o600))
      let daemon = try Daemon(lab, socketPath: path)
      #expect(try daemon.exitCode() == 73)
      #expect(daemon.log.contains("is not a socket"))
      #expect(access(path, F_OK) == 0)
    }
  }

  @Test(
    "a socket that cannot be made is named, with exit code 73",
    arguments: ["nowhere/socket", String(repeating: "x", count: 120)])
  func impossibleSocket(name: String) throws {
    try Lab.run(Self.quiet) { lab in
      let daemon = try Daemon(lab, socketPath: "\(lab.directory)/\(name)")
      #expect(try daemon.exitCode() == 73)
      #expect(daemon.log.contains(name) && daemon.logLines.count == 1)
    }
  }

  @Test(
    "a wrong command line ends with 64 and says what to write instead",
    arguments: [
      (["--interface", String(repeating: "x", count: 128)], "1 to 127 bytes"),
      (["--interface", "np0:1"], "Write np0"), (["--interface", "np0@np1"], "Write np0"),
      (["--interface", " np0"], "Write np0"), (["--interface", "a/b"], "slashes"),
      (["--interface", ".."], "1 to 127 bytes"), (["--profile", "fast"], "latency"),
      (["--no-such-option"], "--help"), (["--allow", "no-such-user"], "no-such-user"),
    ])
  func usage(arguments: [String], words: String) throws {
    try Lab.run(Self.quiet) { lab in
      let daemon = try Daemon(lab, arguments)
      #expect(try daemon.exitCode() == 64)
      #expect(daemon.log.contains(words))
    }
  }

  @Test("without an interface it ends with 64")
  func noInterface() throws {
    try Lab.run(Self.quiet) { lab in
      let daemon = try Daemon(lab, interfaces: [])
      #expect(try daemon.exitCode() == 64)
      #expect(daemon.log.contains("--interface"))
    }
  }
}
