import Glibc
import NDIS
import Testing

@Suite(
  "What a service manager may expect", .serialized, .timeLimit(.minutes(15)),
  .tags(.integration), .needsNamespaces)
struct ServiceContractTests {
  /// A watchdog whose time no busy processor uses up by itself.
  private static let watched = Supervisor.Service(watchdogMicroseconds: 3_000_000)
  private static let quiet = Lab.Options(startsDaemon: false)

  /// Runs the daemon under a supervisor; what it told up to READY goes to the body.
  private func run(
    _ service: Supervisor.Service = Supervisor.Service(),
    _ body: (Lab, Supervisor, [String]) throws -> Void
  ) throws {
    try Lab.run(Self.quiet) { lab in
      let supervisor = try Supervisor(lab)
      try supervisor.start(service)
      let notices = try supervisor.notices(until: "STATUS=")
      try body(lab, supervisor, notices)
    }
  }

  @Test(
    "D-43: an inherited socket is served and stays when the daemon ends; READY, STATUS, STOPPING")
  func inherited() throws {
    try run { lab, supervisor, notices in
      #expect(notices == ["READY=1", "STATUS=bound np0"])
      let session = try lab.client.connect()
      #expect(try session.enumerate().count == 1)
      #expect(try supervisor.end() == 0)
      #expect(try supervisor.notices(until: "STATUS=").starts(with: ["STOPPING=1"]))
      #expect(access(lab.socketPath, F_OK) == 0)
      #expect(try supervisor.standardError.contains("ready: socket \(lab.socketPath)"))
    }
  }

  @Test("B23: a hundred clients that came before the daemon are all served")
  func queuedClients() throws {
    try Lab.run(Self.quiet) { lab in
      let supervisor = try Supervisor(lab)
      try supervisor.start()
      let sessions = try (1...100).map { _ in try lab.client.connectSilently() }
      for session in sessions {
        #expect(try session.reply(to: session.request("hello")).status == .success)
      }
      #expect(try supervisor.end() == 0)
    }
  }

  @Test("the status follows the bindings")
  func status() throws {
    try run(Self.watched) { lab, supervisor, _ in
      try lab.ip("link del np0")
      #expect(try supervisor.notices(until: "STATUS=waiting").contains("STATUS=waiting for np0"))
      #expect(try supervisor.end() == 0)
    }
  }

  @Test("a reload is told from its beginning to its end, and the status says why it was refused")
  func reload() throws {
    try run(Self.watched) { lab, supervisor, _ in
      try supervisor.send(SIGHUP)
      let notices = try supervisor.notices(until: "STATUS=")
        .filter { $0 != "WATCHDOG=1" }
      #expect(notices.starts(with: ["RELOADING=1", "READY=1"]))
      #expect(notices.last?.hasPrefix("STATUS=bound np0; not reloaded: there is no") == true)
      #expect(try supervisor.end() == 0)
    }
  }

  @Test("of several sockets the one named client is served, and the others are closed")
  func named() throws {
    let service = Supervisor.Service(sockets: ["datagram", "seqpacket"], names: "other:client")
    try Lab.run(Self.quiet) { lab in
      let supervisor = try Supervisor(lab)
      try supervisor.start(service)
      // The second socket of this kind has a number behind its name.
      try eventually("ready") { try supervisor.standardError.contains("socket.1") }
      #expect(try supervisor.end(isAtLabPath: false) == 0)
    }
  }

  @Test(
    "sockets that no client could use end it with 73, and it says what to write",
    arguments: [
      (["stream"], "ListenSequentialPacket="), (["datagram"], "ListenSequentialPacket="),
      (["seqpacket", "seqpacket"], "FileDescriptorName=client"),
    ])
  func wrongSockets(sockets: [String], remedy: String) throws {
    try Lab.run(Self.quiet) { lab in
      let supervisor = try Supervisor(lab)
      try supervisor.start(Supervisor.Service(sockets: sockets))
      #expect(try supervisor.end(nil) == 73)
      #expect(try supervisor.standardError.contains(remedy))
    }
  }

  @Test("sockets of another process are not taken: it makes its own")
  func anothersSockets() throws {
    try Lab.run(Self.quiet) { lab in
      let supervisor = try Supervisor(lab)
      try supervisor.start(Supervisor.Service(sockets: ["stream"], isForAnother: true))
      _ = try supervisor.notices(until: "READY=1")
      #expect(try lab.client.connect().enumerate().count == 1)
      #expect(try supervisor.end() == 0)
    }
  }

  @Test("the watchdog is fed in time while every loop moves, busy or idle")
  func fed() throws {
    try run(Self.watched) { lab, supervisor, _ in
      let session = try lab.client.open()
      _ = try session.startRead()
      for _ in 0..<4 {
        let asked = Deadline.now
        _ = try supervisor.notices(until: "WATCHDOG=1")
        #expect(Deadline.now - asked < 3_000_000_000)
      }
      #expect(try supervisor.end() == 0)
    }
  }

  @Test(
    "B2: a thread that hangs starves the watchdog, is named, and feeds it again when it goes on",
    arguments: ["bind-np0", "control"])
  func hangs(thread: String) throws {
    try run(Self.watched) { lab, supervisor, _ in
      let session = try lab.client.open()
      _ = try session.startRead()
      _ = try supervisor.notices(until: "WATCHDOG=1")
      try supervisor.hang(thread)
      // One may be on its way.
      #expect(try supervisor.count(of: "WATCHDOG=1", seconds: 5) <= 1)
      #expect(
        try supervisor.notices(until: "STATUS=").contains {
          $0.hasPrefix("STATUS=no answer from thread ") && $0.contains(thread)
        })
      let lines = try supervisor.standardError.split(separator: "\n")
      #expect(lines.count { $0.contains("no answer") && $0.contains(thread) } == 1)
      try supervisor.release(thread)
      _ = try supervisor.notices(until: "WATCHDOG=1")
      #expect(try supervisor.notices(until: "STATUS=").contains("STATUS=bound np0"))
      #expect(try supervisor.end() == 0)
    }
  }
}
