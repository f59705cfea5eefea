import Glibc
import Testing

@Suite(
  "ndisprotctl capture: what it outlives, and what it hears", .serialized,
  .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces)
struct LongCaptureTests {
  @Test("rotation loses nothing over 3 GB in the long form, over 30 MB in the short one")
  func rotation() throws {
    try Lab.run { lab in
      // Files are counted and deleted while others are written: memory would not hold them all.
      let (count, size) = FaultForm.isLong ? (2_000_000, "100M") : (20_000, "5M")
      let capture = try lab.startCtl(
        "--json", "capture", "np0", "-w", "\(lab.directory)/ring.pcapng", "-n", "\(count)",
        "--rotate-size", size, "--duration", "300")
      _ = try #require(try capture.nextLine(), "\(capture.errorText)")
      var (counted, seen) = (0, Set<String>())
      func countFiles(ofLast: Bool) throws {
        let names = TextFile.names(in: lab.directory).filter { $0.hasPrefix("ring_") }.sorted()
        for name in ofLast ? names[...] : names.dropLast() {
          let path = "\(lab.directory)/\(name)"
          counted += try CaptureWitness(lab, path).count()
          seen.insert(name)
          unlink(path)
        }
      }
      // So slow that a machine that others use takes it all.
      for _ in 0..<20 {
        try lab.peer.startFlood(
          [Frame.make(byteCount: 1_514)], count: count / 20, framesPerSecond: 20_000)
        try lab.peer.finishFlood()
        try countFiles(ofLast: false)
      }
      // Where frames are lost it does not get as many, and ends by its duration.
      let text = try capture.rest(within: 330)
      #expect(try capture.exitCode() == 0, "\(capture.errorText)")
      try countFiles(ofLast: true)
      #expect(counted == count && text.contains("\"lost\":0"), "\(counted) \(text)")
      #expect(text.contains("\"files\":\(seen.count)"), "\(seen.count) \(text)")
    }
  }

  @Test("with --reconnect a capture goes on in its file when the daemon is back")
  func daemonComesBack() throws {
    try Lab.run(Lab.Options(startsDaemon: false, ownsWire: false)) { lab in
      let first = try Daemon(lab)
      try first.waitUntilReady()
      let path = lab.filePath("capture")
      let capture = try lab.startCtl(
        "--json", "capture", "np0", "-w", path, "-n", "5", "--reconnect")
      func wait(_ event: String) throws {
        while let line = try capture.nextLine() {
          if String(decoding: line, as: UTF8.self).contains("\"event\":\"\(event)\"") { return }
        }
        throw LabError.failed("no \(event): \(capture.errorText)")
      }
      try wait("capturing")
      try lab.peer.send(Frame.numbered(3))
      try eventually("three frames") { try CaptureWitness(lab, path).frames().count == 3 }
      #expect(try first.stop() == 0)
      try wait("waiting")
      let second = try Daemon(lab)
      try second.waitUntilReady()
      try wait("capturing")
      let later = [Frame.make(number: 8), Frame.make(number: 9)]
      try lab.peer.send(later)
      let rest = try capture.rest()
      #expect(try capture.exitCode() == 0, "\(capture.errorText)")
      #expect(rest.contains("\"resumes\":1"), "\(rest)")
      #expect(try CaptureWitness(lab, path).frames() == Frame.numbered(3) + later)
      #expect(try second.stop() == 0)
    }
  }

  @Test("a signal ends a capture that waits for the daemon, and the file is whole")
  func endsWhileWaiting() throws {
    try Lab.run(Lab.Options(startsDaemon: false, ownsWire: false)) { lab in
      let daemon = try Daemon(lab)
      try daemon.waitUntilReady()
      let path = lab.filePath("capture")
      let capture = try lab.startCtl("--json", "capture", "np0", "-w", path, "--reconnect")
      _ = try capture.nextLine()
      #expect(try daemon.stop() == 0)
      _ = try capture.nextLine()
      capture.send(SIGINT)
      let rest = try capture.rest()
      #expect(try capture.exitCode() == 0, "\(capture.errorText)")
      #expect(rest.contains("summary"), "\(rest)")
      #expect(try CaptureWitness(lab, path).count() == 0)
    }
  }

  @Test(
    "what a rule allows is heard without being asked for, and what it does not is said",
    .needsSeveralUsers, arguments: [(#""lldp""#, ""), (#""any""#, "no right set-oid")])
  func groups(types: String, words: String) throws {
    let policy = Policy.text(Policy.rule("mine", types, #""read", "join""#))
    try Lab.run(configuration: policy) { lab in
      chmod(lab.directory, 0o777)
      let path = "\(lab.directory)/groups.pcapng"
      let capture = try ChildProcess(
        User.allowed.words
          + [
            try Product.path("ndisprotctl"), "--socket", lab.socketPath, "--json", "capture",
            "np0", "-w", path, "-n", "1", "--duration", "60",
          ], errorPath: lab.filePath("groups"))
      _ = try #require(try capture.nextLine(), "\(capture.errorText)")
      let lldp = Frame.make(to: "0180c200000e", type: "88cc", number: 2)
      try lab.peer.send(lldp)
      _ = try capture.rest()
      #expect(try capture.exitCode() == 0)
      #expect(words.isEmpty ? capture.errorText.isEmpty : capture.errorText.contains(words))
      #expect(try CaptureWitness(lab, path).frames() == [lldp])
    }
  }
}
