import FoundationEssentials
import Glibc
import Testing

@Suite(
  "ndisprotctl capture", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct CaptureTests {
  /// Starts a capture and waits until nothing is missed any more.
  private func start(_ lab: Lab, _ arguments: [String]) throws -> ChildProcess {
    let capture = try lab.startCtl(["--json", "capture"] + arguments)
    let line = try #require(try capture.nextLine(), "\(capture.errorText)")
    #expect(
      String(decoding: line, as: UTF8.self).contains(#""event":"capturing""#),
      "\(capture.errorText)")
    return capture
  }

  /// The last line of a capture, and how it ended.
  private func end(_ capture: ChildProcess) throws -> (summary: CaptureSummary, exitCode: Int32) {
    var last: [UInt8] = []
    while let line = try capture.nextLine() { last = line }
    let text = String(decoding: last, as: UTF8.self)
    let summary = try #require(
      try? JSONDecoder().decode(CaptureSummary.self, from: Data(last)),
      "\(text)\(capture.errorText)")
    return (summary, try capture.exitCode())
  }

  @Test(
    "a capture is what was on the wire, by tcpdump, tshark and capinfos",
    arguments: ["pcapng", "pcap"])
  func isRead(format: String) throws {
    try Lab.run(Lab.Options(preparation: ["link set np0 alias uplink"])) { lab in
      let path = lab.filePath("capture")
      let capture = try start(lab, ["np0", "-w", path, "--format", format, "-n", "5"])
      let sent =
        Frame.numbered(3) + [
          Frame.make(to: Frame.group, tag: "8100602a", number: 4, byteCount: 1_000),
          Frame.make(to: Frame.broadcast, type: "88b5", number: 5),
        ]
      try lab.peer.send(sent)
      let (summary, code) = try end(capture)
      #expect(code == 0 && summary.frames == 5 && summary.lost == 0)
      let witness = CaptureWitness(lab, path)
      #expect(try witness.frames() == sent)
      #expect(try witness.count() == 5)
      let description = try witness.description()
      #expect(description.contains("nanosecond") && description.contains("Ethernet"))
      guard format == "pcapng" else { return }
      #expect(description.contains("np0") && description.contains("uplink"))
      let fields = try witness.fields(
        "frame.interface_name", "frame.packet_flags_direction", "frame.packet_flags_reception_type",
        "frame.drop_count")
      let unicast = "np0,0x00000001,1,0"
      #expect(fields.map { $0.replacing("0x00000001,1", with: "0x00000001,1") }.count == 5)
      #expect(fields.first.map { $0.hasPrefix("np0,") } == true, "\(fields) \(unicast)")
    }
  }

  @Test("a user with a rule for one EtherType captures that, and nothing else", .needsSeveralUsers)
  func onlyOnesOwn() throws {
    let policy = Policy.text(Policy.rule("lldp", #""lldp""#, #""read", "join""#))
    try Lab.run(configuration: policy) { lab in
      chmod(lab.directory, 0o777)
      let path = "\(lab.directory)/own.pcapng"
      let words =
        User.allowed.words
        + [
          try Product.path("ndisprotctl"), "--socket", lab.socketPath, "--json", "capture", "np0",
          "-w", path, "-n", "1", "--duration", "60", "--group", "01:80:c2:00:00:0e",
        ]
      let capture = try ChildProcess(words, errorPath: lab.filePath("own"))
      _ = try #require(try capture.nextLine(), "\(capture.errorText)")
      let lldp = Frame.make(to: "0180c200000e", type: "88cc", number: 2)
      try lab.peer.send(Frame.make(number: 1), Frame.make(to: Frame.broadcast, type: "0806"), lldp)
      #expect(try end(capture).exitCode == 0)
      #expect(try CaptureWitness(lab, path).frames() == [lldp])
      let denied = try lab.ctl(
        ["capture", "np0", "-w", path, "--ethertype", "any", "--duration", "1"], as: .allowed)
      #expect(denied.exitCode == 6, "\(denied.errors)")
    }
  }

  @Test("captures without a name that begin at once take a file each")
  func ownNames() throws {
    try Lab.run { lab in
      let folder = lab.filePath("names")
      mkdir(folder, 0o755)
      defer {
        for name in TextFile.names(in: folder) { unlink("\(folder)/\(name)") }
        rmdir(folder)
      }
      let words = [
        "sh", "-c", "cd $0 && exec \"$@\"", folder, try Product.path("ndisprotctl"), "--socket",
        lab.socketPath, "capture", "np0", "--duration", "0.1",
      ]
      let captures = try (0..<5).map { number in
        try ChildProcess(words, errorPath: lab.filePath("own\(number)"))
      }
      for capture in captures {
        _ = try capture.rest()
        #expect(try capture.exitCode() == 0, "\(capture.errorText)")
      }
      #expect(TextFile.names(in: folder).count == 5, "\(TextFile.names(in: folder))")
    }
  }

  @Test("a file whose name is not UTF-8 is written and replayed under that name")
  func foreignName() throws {
    try Lab.run { lab in
      let script =
        #"f=$1/$(printf 'f\377'); shift; "$@" capture np0 -w "$f" --duration 0.1 && test -s "$f" && "$@" replay "$f" np0; s=$?; rm -f "$f"; exit $s"#
      let outcome = try ChildProcess.run(
        [
          "sh", "-c", script, "sh", lab.directory, try Product.path("ndisprotctl"), "--socket",
          lab.socketPath,
        ], errorPath: lab.filePath("foreign"))
      #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.errors)")
    }
  }

  @Test("a filter and a direction pick frames")
  func filter() throws {
    try Lab.run { lab in
      let path = lab.filePath("capture")
      let capture = try start(
        lab,
        [
          "np0", "-w", path, "-n", "1", "--direction", "in", "--filter",
          "ether src 02:00:00:00:00:02 and vlan 42",
        ])
      let wanted = Frame.make(tag: "8100602a", number: 3)
      try lab.peer.send(Frame.make(number: 1), Frame.make(tag: "8100602b", number: 2), wanted)
      let summary = try end(capture).summary
      #expect(summary.frames == 1 && summary.read >= 3)
      #expect(try CaptureWitness(lab, path).frames() == [wanted])
    }
  }

  @Test("what this host sends is captured as outgoing")
  func outgoing() throws {
    try Lab.run { lab in
      let path = lab.filePath("capture")
      let capture = try start(lab, ["np0", "-w", path, "-n", "2", "--direction", "out"])
      try lab.peer.send(Frame.make(number: 1))
      #expect(try lab.ctl("write", "np0", "-n", "2", "--dst", "02:00:00:00:00:02").exitCode == 0)
      #expect(try end(capture).summary.frames == 2)
      let directions = try CaptureWitness(lab, path).fields("frame.packet_flags_direction")
      #expect(directions.count == 2 && directions.allSatisfy { $0.hasSuffix("2") }, "\(directions)")
    }
  }

  @Test(
    "a filter that is of no use is a usage error, before anything is opened",
    arguments: [
      ("ether src and", "does not compile: can't parse filter expression: syntax error"),
      ("inbound", "use --direction"),
    ])
  func badFilter(filter: String, words: String) throws {
    try Lab.run(Lab.Options(startsDaemon: false)) { lab in
      for command in [["capture", "np0", "-w", "/dev/null"], ["read", "np0"]] {
        let outcome = try lab.ctl(command + ["--filter", filter])
        #expect(outcome.exitCode == 64 && outcome.errors.contains(words), "\(outcome.errors)")
      }
    }
  }

  @Test("several interfaces go into one file")
  func severalInterfaces() throws {
    try Lab.run(Lab.twoCables) { lab in
      let path = lab.filePath("capture")
      let capture = try start(lab, ["np0", "np2", "-w", path, "-n", "4"])
      let other = lab.makePeer("np3")
      try lab.peer.send(Frame.numbered(2))
      try other.send([Frame.make(to: "020000000003"), Frame.make(to: Frame.broadcast)])
      #expect(try end(capture).summary.frames == 4)
      #expect(
        try CaptureWitness(lab, path).fields("frame.interface_name").sorted() == [
          "np0", "np0", "np2", "np2",
        ])
    }
  }

  private func rotated(_ lab: Lab) -> [String] {
    TextFile.names(in: lab.directory).filter { $0.hasPrefix("ring_") }.sorted()
      .map { "\(lab.directory)/\($0)" }
  }

  @Test("rotation loses nothing: the files together are what was sent, and each is whole")
  func rotation() throws {
    try Lab.run { lab in
      let count = 20_000
      let capture = try start(
        lab,
        ["np0", "-w", "\(lab.directory)/ring.pcapng", "-n", "\(count)", "--rotate-size", "200k"])
      try lab.peer.startFlood([Frame.make()], count: count, framesPerSecond: 20_000)
      try lab.peer.finishFlood()
      let (summary, code) = try end(capture)
      #expect(code == 0 && summary.frames == count && summary.lost == 0, "\(summary)")
      let files = rotated(lab)
      #expect(files.count == summary.files && files.count > 5)
      #expect(try files.reduce(0) { try $0 + CaptureWitness(lab, $1).count() } == count)
    }
  }

  @Test("of a ring the newest files stay")
  func ring() throws {
    try Lab.run { lab in
      let capture = try start(
        lab,
        [
          "np0", "-w", "\(lab.directory)/ring.pcapng", "-n", "6000", "--rotate-size", "100k",
          "--files", "2",
        ])
      try lab.peer.startFlood([Frame.make()], count: 6_000, framesPerSecond: 20_000)
      try lab.peer.finishFlood()
      let summary = try end(capture).summary
      let files = rotated(lab)
      #expect(files.count == 2 && summary.files > 2)
      #expect(files.last == summary.file)
    }
  }

  @Test("a full disk ends a capture with 1, and the file is whole")
  func fullDisk() throws {
    try Lab.run { lab in
      let disk = "\(lab.directory)/disk"
      mkdir(disk, 0o777)
      guard mount("tmpfs", disk, "tmpfs", 0, "size=256k") == 0 else {
        throw LabError.failed("no tmpfs: errno \(errno)")
      }
      defer {
        umount(disk)
        rmdir(disk)
      }
      let path = "\(disk)/full.pcapng"
      let capture = try start(lab, ["np0", "-w", path])
      try lab.peer.startFlood([Frame.make(byteCount: 1_000)], count: 2_000, framesPerSecond: 20_000)
      try lab.peer.finishFlood()
      var lines: [String] = []
      while let line = try capture.nextLine() {
        lines.append(String(decoding: line, as: UTF8.self))
      }
      #expect(try capture.exitCode() == 1)
      #expect(
        lines.contains { $0.contains("summary") } && lines.last?.contains("No space left") == true,
        "\(lines)")
      // All of a message that fits, not only whole messages.
      #expect((TextFile.size(path) ?? 0) > (256 << 10) - 8_192)
      let count = try CaptureWitness(lab, path).count()
      #expect(count > 200 && count < 2_000)
      #expect(lines.contains { $0.contains(#""frames":\#(count),"#) }, "\(lines)")
    }
  }

  @Test("a capture that is killed leaves a file that is read")
  func killed() throws {
    try Lab.run { lab in
      let path = lab.filePath("capture")
      let capture = try start(lab, ["np0", "-w", path])
      try lab.peer.startFlood([Frame.make()], count: 20_000, framesPerSecond: 20_000)
      try eventually("bytes in the file") { (TextFile.size(path) ?? 0) > 100_000 }
      capture.send(SIGKILL)
      _ = try capture.exitCode()
      try lab.peer.finishFlood()
      let frames = try CaptureWitness(lab, path).frames()
      #expect(frames.count > 500)
      #expect(frames.allSatisfy { $0.hasPrefix(Frame.own + Frame.far) && $0.count == 120 })
    }
  }

  @Test("standard output is a file, too, and its reader may go")
  func standardOutput() throws {
    try Lab.run { lab in
      let path = lab.filePath("pipe")
      let program = try Product.path("ndisprotctl")
      let script = """
        '\(program)' --socket '\(lab.socketPath)' capture np0 -w - -n 2 2>'\(path).err' | cat >'\(path)'
        """
      let shell = try ChildProcess(
        User.owner.words + ["sh", "-c", script], errorPath: lab.filePath("sh"))
      try eventually("its beginning") {
        TextFile.read("\(path).err")?.contains("capturing np0") == true
      }
      try lab.peer.send(Frame.numbered(2))
      #expect(try shell.exitCode() == 0)
      #expect(try CaptureWitness(lab, path).frames() == Frame.numbered(2))
    }
  }

  @Test("the daemon's end is exit code 3, and the file is whole")
  func daemonGoes() throws {
    try Lab.run { lab in
      let path = lab.filePath("capture")
      let capture = try start(lab, ["np0", "-w", path])
      try lab.peer.send(Frame.numbered(3))
      try eventually("three frames") { try CaptureWitness(lab, path).frames().count == 3 }
      #expect(try lab.daemon.stop() == 0)
      _ = try capture.rest()
      #expect(try capture.exitCode() == 3)
      #expect(try CaptureWitness(lab, path).count() == 3)
    }
  }
}

/// The last line of `--json capture`.
struct CaptureSummary: Decodable {
  let frames: Int
  let read: Int
  let lost: Int
  let files: Int
  let file: String
}

extension TextFile {
  /// Bytes of a file; nil if it is not there.
  static func size(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }
}
