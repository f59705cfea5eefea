import FoundationEssentials
import Glibc
import NDIS
import Testing

@Suite(
  "ndisprotctl status", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct DaemonStatusTests {
  /// The line of `--json`.
  struct Told: Decodable {
    struct Binding: Decodable {
      let name: String
      let state: String
      let opens: Int
      let received: Int
      let kernelDrops: Int
    }
    struct Session: Decodable {
      let name: String
      let requests: Int
    }
    struct Process: Decodable { let residentBytes: Int }
    let version: String
    let pid: Int32
    let startedAt: String
    let uptimeSeconds: Double
    let socket: String
    let socketInherited: Bool
    let service: Bool
    let administrator: Bool
    let watchdogSeconds: Double
    let answeredSecondsAgo: Double
    let configuration: String?
    let configurationFiles: Int?
    let rules: Int?
    let reloads: Int?
    let reloadedAt: String?
    let reloadRefusal: String?
    let sessionCount: Int?
    let captureRingMiB: Int?
    let receiveRingMiB: Int?
    let process: Process?
    let bindings: [Binding]
    let sessions: [Session]
  }

  private func status(_ lab: Lab, as user: User = .owner) throws -> Told {
    let outcome = try lab.ctl(["--json", "status"], as: user)
    #expect(outcome.exitCode == 0, "\(outcome.errors)\(outcome.output)")
    return try outcome.decode(Told.self, line: 0)
  }

  @Test(
    "it shows process, socket, bindings with what they counted, sessions and the memory of rings")
  func whole() throws {
    try Lab.run { lab in
      let before = try status(lab)
      #expect(before.captureRingMiB == 0 && before.receiveRingMiB == 0)
      let session = try lab.client.open(types: [0x88B5])
      try lab.peer.send([Frame.make(to: Frame.broadcast, type: "88b5")])
      #expect(try session.read().status == .success)
      let told = try status(lab)
      #expect(told.pid == before.pid && told.startedAt == before.startedAt)
      #expect(told.uptimeSeconds > before.uptimeSeconds)
      #expect(told.version == "0.1.0" && told.socket == lab.socketPath && told.administrator)
      #expect(!told.socketInherited && !told.service && told.watchdogSeconds == 0)
      #expect(told.configuration?.isEmpty == true && told.configurationFiles == 0)
      #expect(try #require(told.rules) >= 2 && told.reloads == 0 && told.reloadedAt == nil)
      #expect(told.captureRingMiB == 16 && told.receiveRingMiB == 1)
      #expect(told.sessionCount == 2 && told.sessions.count == 2)
      #expect(told.sessions.contains { $0.name.hasPrefix("uid 65534 ") && $0.requests >= 2 })
      let binding = try #require(told.bindings.first)
      #expect(binding.name == "np0" && binding.state == "running" && binding.opens == 1)
      #expect(binding.received == 1 && binding.kernelDrops == 0)
      #expect(try #require(told.process).residentBytes > 1 << 20)

      let text = try lab.ctl("status")
      #expect(text.exitCode == 0)
      #expect(text.output.contains("ndisprotd 0.1.0, process \(told.pid) of user root"))
      for words in [
        "started  ", told.startedAt, "counters count from then", "the command line",
        "none since the start", "capture rings 16 of 256 MiB", "sessions       2 of 1024",
        "no watchdog", "BINDING", "SESSION", "uid 65534 pid ",
      ] {
        #expect(text.output.contains(words), "\(words) in\n\(text.output)")
      }
    }
  }

  @Test("B24: counters restart with the daemon, and startedAt says when")
  func startedAt() throws {
    try Lab.run(Lab.Options(startsDaemon: false)) { lab in
      var told: [Told] = []
      let earliest = time(nil)
      for _ in 0..<2 {
        let daemon = try Daemon(lab)
        try daemon.waitUntilReady()
        if told.isEmpty {
          let session = try lab.client.open(types: [0x88B5])
          try lab.peer.send([Frame.make(to: Frame.broadcast, type: "88b5")])
          #expect(try session.read().status == .success)
        }
        told.append(try status(lab))
        // The time has seconds.
        usleep(1_100_000)
        #expect(try daemon.stop() == 0)
      }
      #expect(told.map { $0.bindings.first?.received } == [1, 0])
      #expect(told[0].startedAt < told[1].startedAt && told[0].pid != told[1].pid)
      let first = try #require(try? Date(told[0].startedAt, strategy: .iso8601))
      #expect(first.timeIntervalSince1970 >= Double(earliest) - 1)
    }
  }

  @Test(
    "threat T21: others hear what daemon it is, and neither its configuration nor of other clients")
  func others() throws {
    try Lab.run { lab in
      _ = try lab.makeClient(as: .owner).connect()
      let told = try status(lab, as: .allowed)
      #expect(told.version == "0.1.0" && told.pid > 0 && !told.administrator)
      #expect(told.rules == nil && told.sessionCount == nil && told.configuration == nil)
      #expect(told.sessions.count == 1 && told.bindings.count == 1)
      let text = try lab.ctl(["status"], as: .allowed)
      #expect(text.output.contains("to administrators"))
      #expect(!text.output.contains("capture rings") && !text.output.contains("configuration "))
    }
  }

  @Test("it says which files are in force since when, and why the last reload changed nothing")
  func reloads() throws {
    try Lab.run(Lab.Options(startsDaemon: false)) { lab in
      let path = lab.filePath("ndisprotd.toml")
      let good = "[[binding]]\ninterface = \"np0\"\n"
      func write(_ text: String) {
        #expect(TextFile.write(text, to: path))
        chmod(path, 0o644)
      }
      write(good)
      let daemon = try Daemon(lab, configuration: path)
      try daemon.waitUntilReady()
      let started = try status(lab)
      #expect(started.configuration == path && started.configurationFiles == 1)
      #expect(started.rules == 0 && started.reloads == 0)
      write(good + "[daemon]\nno_such_key = 1\n")
      #expect(try lab.ctl("reload").exitCode == 1)
      let refused = try status(lab)
      #expect(refused.reloads == 0 && refused.reloadedAt != nil)
      #expect(refused.reloadRefusal?.contains("no_such_key") == true)
      #expect(
        try lab.ctl("status").output.contains("REFUSED, the old configuration stays: \(path)"))
      write(good)
      #expect(try lab.ctl("reload").exitCode == 0)
      let taken = try status(lab)
      #expect(taken.reloads == 1 && taken.reloadRefusal?.isEmpty == true)
      #expect(try lab.ctl("status").output.contains("by reload 1"))
      #expect(try daemon.stop() == 0)
    }
  }

  @Test("under a service manager it shows the inherited socket, and when all threads last answered")
  func supervised() throws {
    try Lab.run(Lab.Options(startsDaemon: false)) { lab in
      let supervisor = try Supervisor(lab)
      try supervisor.start(Supervisor.Service(watchdogMicroseconds: 3_000_000))
      _ = try supervisor.notices(until: "WATCHDOG=1")
      let told = try status(lab)
      #expect(told.socketInherited && told.service && told.watchdogSeconds == 3)
      #expect(told.answeredSecondsAgo > 0 && told.answeredSecondsAgo < 10)
      #expect(try lab.ctl("status").output.contains("; all threads answered "))
      #expect(try supervisor.end() == 0)
    }
  }

  @Test("without a daemon it says so and what to do, with exit code 3")
  func away() throws {
    try Lab.run(Lab.Options(startsDaemon: false)) { lab in
      let outcome = try lab.ctl("status")
      #expect(outcome.exitCode == 3 && outcome.output.isEmpty)
      #expect(
        outcome.errors.contains("status: the daemon is not running")
          && outcome.errors.contains("Start it: sudo ndisprotd"))
      let json = try lab.ctl("--json", "status")
      #expect(json.exitCode == 3 && json.output.contains("\"event\":\"error\""))
    }
  }
}
