import FoundationEssentials
import Glibc
import Testing

@Suite(
  "ndisprotctl replay", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct ReplayTests {
  /// Frames that the daemon's interface may send.
  private let outward = (1...5).map { Frame.outward(type: "88b5", number: $0, byteCount: 60 + $0) }

  /// Makes a capture file of frames with text2pcap, which is Wireshark's.
  private func file(_ lab: Lab, _ frames: [String], editcap: [String] = []) throws -> String {
    let (text, path, edited) = (lab.filePath("text"), lab.filePath("made"), lab.filePath("edited"))
    let lines = frames.enumerated().map { index, frame in
      let bytes = stride(from: 0, to: frame.count, by: 2).map { offset in
        String(frame.dropFirst(offset).prefix(2))
      }
      return "10:00:00.\(100_000 + index * 1_000) \n000000 " + bytes.joined(separator: " ") + "\n"
    }
    #expect(TextFile.write(lines.joined(), to: text))
    try lab.succeed(["text2pcap", "-q", "-t", "%H:%M:%S.%f", text, path])
    guard !editcap.isEmpty else { return path }
    try lab.succeed(["editcap"] + editcap + [path, edited])
    return edited
  }

  @Test(
    "frames of a file of another program arrive as they stand in it",
    arguments: [[], ["-F", "pcap"], ["-F", "nsecpcap"], ["-F", "pcapng"]])
  func sends(editcap: [String]) throws {
    try Lab.run { lab in
      // Its socket is there before anything is sent.
      let far = lab.peer
      let path = try file(lab, outward, editcap: editcap)
      let outcome = try lab.ctl("--json", "replay", path, "np0", "--pace", "topspeed")
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let summary = try outcome.replaySummary()
      #expect(summary.submitted == 5 && summary.sent == 5 && summary.failed.isEmpty)
      #expect(try far.receive(5) == outward)
    }
  }

  @Test("what dumpcap writes is sent, and what capture writes tcpreplay sends")
  func circle() throws {
    try Lab.run { lab in
      let far = lab.peer
      let (theirs, ours) = (lab.filePath("theirs"), lab.filePath("ours"))
      let dumpcap = try ChildProcess(
        lab.farWords(["dumpcap", "-q", "-i", "np1", "-c", "5", "-w", theirs]),
        errorPath: lab.filePath("dumpcap"))
      try eventually("dumpcap") { dumpcap.errorText.contains("File: ") }
      let path = try file(lab, outward)
      #expect(try lab.ctl("replay", path, "np0").exitCode == 0)
      #expect(try dumpcap.exitCode() == 0, "\(dumpcap.errorText)")
      #expect(try CaptureWitness(lab, theirs).frames() == outward)

      let capture = try lab.startCtl(
        "--json", "capture", "np0", "-w", ours, "-n", "5", "--direction", "in")
      _ = try #require(try capture.nextLine())
      let inward = Frame.numbered(5)
      try lab.succeed(lab.farWords(["tcpreplay", "-q", "-t", "-i", "np1", try file(lab, inward)]))
      _ = try capture.rest()
      #expect(try capture.exitCode() == 0)
      #expect(try CaptureWitness(lab, ours).frames() == inward)
      // And once more out of our own file, from the own address.
      let outcome = try lab.ctl(
        "--json", "replay", ours, "np0", "--rewrite-source", "--pace", "1000")
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let expected = inward.map { $0.prefix(12) + Frame.own + $0.dropFirst(24) }
      #expect(try far.receive(10).suffix(5) == expected.map { String($0) }[...])
    }
  }

  @Test("a loop sends the file again, and --only leaves other types out")
  func loop() throws {
    try Lab.run { lab in
      let far = lab.peer
      let path = try file(lab, outward + [Frame.outward(number: 9)])
      let words = [
        "--json", "replay", path, "np0", "--pace", "topspeed", "--loop", "3", "--only", "eapol",
      ]
      let summary = try lab.ctl(words).replaySummary()
      #expect(summary.sent == 3 && summary.loops == 3 && summary.skipped == ["otherType": 15])
      #expect(try far.receive(3) == [String](repeating: Frame.outward(number: 9), count: 3))
    }
  }

  @Test(
    "the original pace is kept: 4 ms between the first and the last frame, and twice that at x0.5")
  func pace() throws {
    try Lab.run { lab in
      let path = try file(lab, outward)
      for (pace, least) in [("original", 0.004), ("x0.5", 0.008), ("500", 0.008)] {
        let summary = try lab.ctl("--json", "replay", path, "np0", "--pace", pace).replaySummary()
        #expect(summary.sent == 5 && summary.elapsedSeconds >= least)
        #expect(summary.lateMicroseconds?["p99"] != nil)
      }
    }
  }

  @Test("what the rule refuses is counted by its reason, and the exit code is 1")
  func refused() throws {
    let policy = Policy.text(Policy.rule("local", #""local""#, #""write""#))
    try Lab.run(configuration: policy) { lab in
      let far = lab.peer
      let frames = [
        Frame.outward(type: "88b5", number: 1), Frame.outward(type: "88cc", number: 2),
        Frame.make(to: Frame.far, from: Frame.foreign, type: "88b5", number: 3),
      ]
      let path = try file(lab, frames)
      let outcome = try lab.ctl(
        ["--json", "replay", path, "np0", "--pace", "topspeed"], as: .allowed)
      #expect(outcome.exitCode == 1)
      let summary = try outcome.replaySummary()
      #expect(summary.sent == 1 && summary.failed == ["etherTypeMismatch": 1, "sourceMismatch": 1])
      #expect(try far.receive(1) == [frames[0]])
    }
  }

  @Test(
    "what comes through a pipe is sent while the pipe stays open, and a signal ends the wait for more",
    arguments: ["topspeed", "original"])
  func pipe(pace: String) throws {
    try Lab.run { lab in
      let far = lab.peer
      let (path, pipe) = (try file(lab, outward), lab.filePath("pipe"))
      try lab.succeed(["mkfifo", "-m", "666", pipe])
      let source = try ChildProcess(
        ["sh", "-c", "exec 3>'\(pipe)'; cat '\(path)' >&3; exec sleep 600"],
        errorPath: lab.filePath("source"))
      let replay = try lab.startCtl("--json", "replay", pipe, "np0", "--pace", pace)
      #expect(try far.receive(5) == outward)
      replay.send(SIGINT)
      let summary = try replay.rest()
      #expect(summary.contains(#""sent":5,"#), "\(summary)")
      #expect(try replay.exitCode() == 0)
      let again = try lab.ctl("replay", pipe, "np0", "--loop", "2")
      #expect(again.exitCode == 64 && again.errors.contains("read once"), "\(again.errors)")
      source.send(SIGKILL)
    }
  }

  @Test("a signal ends a replay of which nothing is sent")
  func nothingToSend() throws {
    try Lab.run { lab in
      let path = try file(lab, outward)
      let replay = try lab.startCtl(
        "--json", "replay", path, "np0", "--pace", "topspeed", "--loop", "999999999", "--only",
        "0x1234")
      try eventually("its open") {
        try lab.ctl("--json", "bindings").output.contains(#""opens":1"#)
      }
      // Until it has the answer it sleeps; then it does nothing but pass frames over.
      let before = replay.processorSeconds
      try eventually("it works") { replay.processorSeconds > before + 0.1 }
      replay.send(SIGTERM)
      let summary = try replay.rest()
      #expect(summary.contains(#""sent":0,"#), "\(summary)")
      #expect(try replay.exitCode() == 0)
    }
  }

  @Test("a frame that was cut is not sent")
  func cut() throws {
    try Lab.run { lab in
      let path = try file(lab, outward, editcap: ["-s", "62"])
      let summary = try lab.ctl("--json", "replay", path, "np0", "--pace", "topspeed")
        .replaySummary()
      #expect(summary.sent == 2 && summary.skipped == ["cut": 3])
    }
  }

  @Test("a file that ends in the middle is sent so far, and the offset is named")
  func broken() throws {
    try Lab.run { lab in
      let path = try file(lab, outward)
      try lab.succeed(["truncate", "-s", "-20", path])
      let outcome = try lab.ctl("replay", path, "np0", "--pace", "topspeed")
      #expect(outcome.exitCode == 1 && outcome.output.contains("4 sent"), "\(outcome.output)")
      #expect(outcome.errors.contains("ends inside of what begins at offset"), "\(outcome.errors)")
      let nothing = try lab.ctl("replay", "\(path).nosuch", "np0")
      #expect(nothing.exitCode == 1 && nothing.errors.contains("No such file"))
    }
  }
}

/// The last line of `--json replay`.
private struct ReplaySummary: Decodable {
  let event: String
  let submitted: Int
  let sent: Int
  let failed: [String: Int]
  let skipped: [String: Int]
  let loops: Int
  let elapsedSeconds: Double
  let lateMicroseconds: [String: Int]?
}

extension ChildProcess.Outcome {
  fileprivate func replaySummary() throws -> ReplaySummary {
    for line in lines {
      if let summary = try? JSONDecoder().decode(ReplaySummary.self, from: Data(line.utf8)) {
        return summary
      }
    }
    throw LabError.failed("no summary: \(output) \(errors)")
  }
}

extension Lab {
  /// Runs a command that must end with 0.
  func succeed(_ words: [String]) throws {
    let outcome = try ChildProcess.run(
      ["env", "HOME=\(directory)"] + words, errorPath: filePath("step"))
    guard outcome.exitCode == 0 else {
      throw LabError.failed("\(words.joined(separator: " ")): \(outcome.output) \(outcome.errors)")
    }
  }
}
