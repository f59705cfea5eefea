import FoundationEssentials
import Glibc
import Testing

/// The examples of README, the page about the command line, man pages and `--help`, run as they stand.
///
/// They speak of `eth0` and of alice: the lab's interface has the one as an alternative name, and a copy
/// of /etc, mounted for the example alone, has the other.
@Suite(
  "examples of README, man pages and --help", .timeLimit(.minutes(10)),
  .tags(.integration), .needsNamespaces, .needsSeveralUsers)
struct ExampleTests {
  @Test("every example of ndisprotctl works", arguments: try Examples.all())
  func example(_ line: String) throws {
    let rules = Policy.rule(
      "alice", "\"any\"", "\"read\", \"write\", \"join\"", user: "user = \"65534\"")
    let options = Lab.Options(
      preparation: ["link property add dev np0 altname eth0"],
      configuration: Policy.text(rules), ownsWire: false)
    try Lab.run(options) { lab in try check(line, in: lab) }
  }

  private func check(_ line: String, in lab: Lab) throws {
    let etc = try lab.makeEtc()
    let result = Result { try play(line, in: lab, etc: etc) }
    _ = try ChildProcess.run(["rm", "-rf", etc], errorPath: lab.filePath("rm"))
    let outcome = try result.get()
    let mayFail = ["doctor", "ndisprotctl close "].contains { line.contains($0) }
    #expect(
      outcome.exitCode == 0 || mayFail && outcome.exitCode != 64, "\(line): \(outcome.errors)")
    let isSilent = ["pause", "restart", "wait", "trace --on", "--file"].contains {
      line.contains($0)
    }
    #expect(
      !outcome.output.isEmpty || isSilent || !outcome.errors.isEmpty, "\(line) prints nothing")
    #expect(!outcome.errors.contains("usage:"), "\(outcome.errors)")
    // The end of a lab looks at frames: they have to move.
    if line.contains(" pause ") { #expect(try lab.ctl("restart", "np0").exitCode == 0) }
  }

  private func play(_ line: String, in lab: Lab, etc: String) throws -> ChildProcess.Outcome {
    if line.contains(" replay ") { try makeCapture(lab, etc: etc) }
    let program = try ChildProcess(
      try lab.exampleWords(line, etc: etc), errorPath: lab.filePath("example"))
    program.endInput()
    let first = try accompany(program, Kind(line), lab, etc: etc)
    let output = first + (try program.rest())
    return ChildProcess.Outcome(
      exitCode: try program.exitCode(), output: output, errors: program.errorText)
  }

  /// Gives a program what it waits for, and ends one that does not end.
  ///
  /// - Returns: what it printed meanwhile
  private func accompany(
    _ program: ChildProcess, _ kind: Kind, _ lab: Lab, etc: String
  ) throws -> String {
    var first: [UInt8] = []
    switch kind {
    case .plain: break
    case .counted:
      try waitForBegin(program)
      try feed(lab)
    case .endless:
      try waitForBegin(program)
      try feed(lab)
      first = try #require(try program.nextLine(), "it prints nothing: \(program.errorText)")
      program.send(SIGINT)
    case .table:
      first = try #require(try program.nextLine(), "it prints nothing: \(program.errorText)")
      program.send(SIGINT)
    case .capture:
      try eventually("the file of a capture") {
        TextFile.names(in: etc).contains { $0.hasPrefix("eth0") && $0.hasSuffix(".pcapng") }
      }
      program.send(SIGINT)
    case .piped:
      try eventually("enough frames") {
        try feed(lab)
        return try program.hasEnded()
      }
    }
    return String(decoding: first, as: UTF8.self)
  }

  /// How an example ends.
  private enum Kind {
    /// By itself, at once.
    case plain
    /// By itself, when enough frames came.
    case counted
    /// By a signal; it prints frames or events as they come.
    case endless
    /// By a signal; it prints one table after the other.
    case table
    /// By a signal; it writes a file.
    case capture
    /// By itself, when enough frames came, which it writes to standard output.
    case piped

    init(_ line: String) {
      self =
        if line.contains(" capture ") {
          line.contains(" -w - ") ? .piped : .capture
        } else if line.hasSuffix(" top") || line.contains(" --watch ") {
          .table
        } else if line.contains(" watch") {
          .endless
        } else if line.contains(" read ") {
          line.contains(" -n ") || line.contains("--idle-timeout") ? .counted : .endless
        } else {
          .plain
        }
    }
  }

  private func waitForBegin(_ program: ChildProcess) throws {
    let first = String(decoding: try #require(try program.nextLine()), as: UTF8.self)
    #expect(first.contains("reading") || first.contains("watching"), "\(first)")
  }

  /// Makes the file that an example sends again.
  private func makeCapture(_ lab: Lab, etc: String) throws {
    let line = "ndisprotctl capture eth0 -w eth0.pcapng -n 1 --direction out --ethertype 0x88b5"
    let capture = try ChildProcess(
      try lab.exampleWords(line, etc: etc), errorPath: lab.filePath("capture"))
    try eventually("a frame in the file") {
      _ = try lab.ctl("write", "np0", "-n", "1")
      return try capture.hasEnded()
    }
  }

  /// Frames of what the examples read, and an event for what watches.
  private func feed(_ lab: Lab) throws {
    for _ in 0..<5 {
      try lab.peer.send(
        Frame.make(to: "0180c200000e", type: "88cc"), Frame.make(to: Frame.group),
        Frame.make(type: "88b5"))
    }
    try lab.ip("link set np0 mtu 1400")
    try lab.ip("link set np0 mtu 1500")
  }
}

/// Where examples stand.
private enum Examples {
  /// Each once.
  static func all() throws -> [String] {
    let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    var lines: [String] = []
    let pages = ["README.md", "Sources/ndisprotd/ndisprotd.docc/CommandLine.md"].compactMap {
      TextFile.read("\(root)/\($0)")
    }
    for line in pages.joined(separator: "\n").split(separator: "\n") {
      for start in ["    ndisprotctl ", "    sudo ndisprotctl "] where line.hasPrefix(start) {
        let code = line.split(separator: "#", maxSplits: 1)[0]
        lines.append("ndisprotctl " + code.dropFirst(start.count))
      }
    }
    for page in ["ndisprotctl.1", "ndisprotd.8", "ndisprotd.toml.5"] {
      let text = TextFile.read("\(root)/Config/man/\(page)") ?? ""
      lines += text.split(separator: "\n").filter { $0.hasPrefix(".Dl ndisprotctl ") }
        .map { String($0.dropFirst(4)) }
    }
    let dump = try ChildProcess.run(
      [try Product.path("ndisprotctl"), "--experimental-dump-help"],
      errorPath: Lab.temporaryPath("dump"))
    unlink(Lab.temporaryPath("dump"))
    lines += try JSONDecoder().decode(Dump.self, from: Data(dump.output.utf8)).command.examples
    let trimmed = lines.map { line in
      String(line.reversed().drop { $0 == " " }.reversed())
    }
    // Root without capabilities, as which they are run, cannot be mapped: RunProgramTests have those of `run`.
    return Set(trimmed.filter { !$0.hasPrefix("ndisprotctl run ") }).sorted()
  }

  private struct Dump: Decodable {
    let command: Command
  }

  private struct Command: Decodable {
    let discussion: String?
    let subcommands: [Command]?

    var examples: [String] {
      (discussion ?? "").split(separator: "\n").filter { $0.hasPrefix("  ndisprotctl ") }
        .map { String($0.dropFirst(2)) } + (subcommands ?? []).flatMap(\.examples)
    }
  }
}

extension Lab {
  /// A copy of /etc with alice, the group netdev and a configuration.
  fileprivate func makeEtc() throws -> String {
    let etc = "\(directory)/etc"
    let script = """
      cp -a /etc "$0" && mkdir -p "$0/ndisprot"
      grep -q ^alice: "$0/passwd" || echo 'alice:x:61900:61900::/:/bin/sh' >>"$0/passwd"
      grep -q ^netdev: "$0/group" || echo 'netdev:x:61901:' >>"$0/group"
      cp "$1" "$0/ndisprot/ndisprotd.toml"
      """
    let outcome = try ChildProcess.run(
      ["sh", "-ec", script, etc, configurationPath], errorPath: filePath("etc"))
    guard outcome.exitCode == 0 else { throw LabError.failed(outcome.errors) }
    return etc
  }

  /// The words that run an example with that /etc and the lab's socket.
  fileprivate func exampleWords(_ line: String, etc: String) throws -> [String] {
    let folder = try Product.path("ndisprotctl").split(separator: "/").dropLast()
      .joined(separator: "/")
    // Files that an example names without a folder are beside the copy of /etc.
    let script = """
      cd "$0" && mkdir -p "$0/lib/prometheus/node-exporter" && mount --bind "$0/lib" /var/lib \
        && mount --bind "$0" /etc && exec setpriv "$@"
      """
    let shell = User.withoutCapabilities.dropFirst() + ["sh", "-c", "exec \(line)"]
    return nearWords(
      [
        "env", "PATH=/\(folder):/usr/bin:/bin:/usr/sbin", "NDISPROT_SOCKET=\(socketPath)",
        "unshare",
        "--mount", "sh", "-c", script, etc,
      ] + shell)
  }
}
