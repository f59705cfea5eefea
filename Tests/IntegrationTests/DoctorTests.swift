import Testing

@Suite(
  "doctor on a cable", .serialized, .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces)
struct DoctorTests {
  @Test("without a daemon there is one FAIL, and what depends on it is skipped")
  func noDaemon() throws {
    try Lab.run(Lab.Options(startsDaemon: false)) { lab in
      let outcome = try lab.ctl("doctor")
      #expect(outcome.exitCode == 1)
      #expect(outcome.lines.count { $0.hasPrefix("FAIL") } == 1, "\(outcome.output)")
      #expect(outcome.lines.count { $0.hasPrefix("skip") } == 3)
      // A command that finds no daemon names the same cause.
      let failure = try #require(outcome.lines.first { $0.hasPrefix("FAIL") })
      let cause = try #require(failure.split(separator: ": ", maxSplits: 1).last)
      #expect(try lab.ctl("bindings").errors.contains(cause), "\(cause)")
      let objects = try lab.ctl("--json", "doctor").lines
      #expect(objects.allSatisfy { $0.hasPrefix("{\"event\":\"check\"") })
      #expect(objects.count { $0.contains("\"ok\":false") } == 1)
    }
  }

  @Test(
    "a user whom --allow does not name reads that rules in files do not count", .needsSeveralUsers)
  func allowed() throws {
    try Lab.run { lab in
      let outcome = try lab.ctl(["doctor"], as: .stranger)
      let failures = outcome.lines.filter { $0.hasPrefix("FAIL") }
      #expect(outcome.exitCode == 1 && failures.count == 1, "\(outcome.output)")
      #expect(
        failures.first?.hasPrefix("FAIL  policy: the daemon was started by hand for np0") == true)
      #expect(failures.first?.contains("--allow 61000") == true)
      let user = try lab.ctl(["doctor"], as: .allowed)
      #expect(user.exitCode == 0 && user.output.contains("use np0"), "\(user.output)")
    }
  }

  @Test("what merges frames is named with the line that ends it, and so is a paused binding")
  func interfaces() throws {
    try Lab.run { lab in
      let ethtool = try ChildProcess.run(
        lab.nearWords(["ethtool", "-K", "np0", "gro", "on"]), errorPath: lab.filePath("ethtool"))
      #expect(ethtool.exitCode == 0, "\(ethtool.errors)")
      let merging = try lab.nearCtl(["doctor"])
      #expect(merging.output.contains("note  offload: np0 merges"), "\(merging.output)")
      #expect(merging.output.contains("ethtool -K np0 gro off"))
      #expect(merging.exitCode == 0)
      #expect(try lab.ctl("pause", "np0").exitCode == 0)
      #expect(try lab.ctl("doctor").output.contains("np0 is paused"))
      #expect(try lab.ctl("restart", "np0").exitCode == 0)
    }
  }

  @Test("the daemon's own packet sockets are told from those of other programs")
  func sockets() throws {
    try Lab.run { lab in
      let reader = try lab.startCtl("read", "np0")
      _ = try #require(try reader.nextLine())
      let words = lab.nearWords(["env", "NDISPROT_SOCKET=\(lab.socketPath)"])
      let program = try Product.path("ndisprotctl")
      let own = try ChildProcess.run(words + [program, "doctor"], errorPath: lab.filePath("root"))
      #expect(own.output.contains("the daemon's own"), "\(own.output)")
      #expect(own.output.contains("no other program listens"))
      let tcpdump = try ChildProcess(
        lab.nearWords(["tcpdump", "-ni", "np0", "-w", lab.filePath("tcpdump.pcap")]),
        errorPath: lab.filePath("tcpdump"))
      try eventually("tcpdump listens") { tcpdump.errorText.contains("listening on") }
      let both = try ChildProcess.run(words + [program, "doctor"], errorPath: lab.filePath("root"))
      #expect(both.output.contains("tcpdump"), "\(both.output)")
    }
  }
}
