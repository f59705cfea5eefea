import Glibc
import NDIS
import Testing

/// Fewer descriptors than anybody should give a daemon.
@Suite(
  "Limits of descriptors", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct DescriptorLimitTests {
  private static let quiet = Lab.Options(startsDaemon: false)

  @Test("too few to start with: the daemon ends, and says what is missing and the remedy")
  func start() throws {
    try Lab.run(Self.quiet) { lab in
      let daemon = try Daemon(lab, launcher: ["prlimit", "--nofile=8:8"])
      #expect(try daemon.exitCode() == 70)
      #expect(daemon.logLines.count == 1)
      #expect(daemon.log.contains("the daemon cannot start: "))
      #expect(daemon.log.contains(": Too many open files. Give the service a higher LimitNOFILE"))
    }
  }

  @Test(
    "too few to open with: the interface is not said to be gone, and the log says what is missing")
  func open() throws {
    try Lab.run(Self.quiet) { lab in
      var (refused, served) = (0, 0)
      // What a start and an open take is the daemon's affair: somewhere here the one has enough
      // and the other has not.
      for limit in 12...64 where served == 0 {
        let daemon = try Daemon(lab, launcher: ["prlimit", "--nofile=\(limit):\(limit)"])
        do { try daemon.waitUntilReady() } catch {
          #expect(try daemon.exitCode() == 70)
          continue
        }
        let client = lab.makeClient()
        if let session = try? client.connect() {
          let status = try session.open("np0").status
          #expect(status != .adapterNotFound, "limit \(limit): \(daemon.log)")
          let isExplained = daemon.complaints.contains { $0.contains("Too many open files") }
          #expect(status == .success || isExplained, "limit \(limit): \(daemon.log)")
          if status == .success { served += 1 } else { refused += 1 }
        }
        try client.kill()
        #expect(try daemon.stop() == 0, "limit \(limit): \(daemon.log)")
      }
      #expect(refused > 0 && served > 0, "\(refused) refused, \(served) served")
    }
  }

  @Test("a shell's soft limit is no limit: the daemon takes what the hard one gives")
  func soft() throws {
    try Lab.run(
      Lab.Options(configuration: Policy.text(), launcher: ["prlimit", "--nofile=32:256"])
    ) { lab in
      let sessions = try (0..<40).map { _ in try lab.makeClient(as: .owner).connect() }
      #expect(sessions.count == 40)
    }
  }
}
