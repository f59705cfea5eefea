import FoundationEssentials
import Glibc
import Testing

/// What the manual promises to somebody new, tried on a cable.
@Suite(
  "the first hour at the command line", .serialized, .timeLimit(.minutes(10)), .tags(.integration),
  .needsNamespaces)
struct FirstHourTests {
  private static let lldp = Frame.make(to: "0180c200000e", type: "88cc")

  @Test(
    "read joins the group of its protocol, by name and by number", arguments: ["lldp", "0x88cc"])
  func group(_ type: String) throws {
    try Lab.run { lab in
      let reader = try lab.startCtl("--json", "read", "np0", "--ethertype", type, "-n", "1")
      _ = try #require(try reader.nextLine())
      try lab.peer.send(Self.lldp)
      let line = String(decoding: try #require(try reader.nextLine()), as: UTF8.self)
      #expect(line.contains("\"bytes\":\"0180c200000e"), "\(line)")
      _ = try reader.rest()
      #expect(try reader.exitCode() == 0 && reader.errorText.isEmpty, "\(reader.errorText)")
    }
  }

  @Test("where the rule gives no right to join, read says so and goes on", .needsSeveralUsers)
  func groupRefused() throws {
    let rules = Policy.rule("no groups", "\"lldp\"", "\"read\"")
    try Lab.run(configuration: Policy.text(rules)) { lab in
      let words = ["read", "np0", "--ethertype", "lldp", "--timeout", "0.3"]
      let refused = try lab.ctl(words, as: .allowed)
      #expect(
        refused.exitCode == 0 && refused.errors.contains("no right to join 01:80:c2:00:00:0e"))
      #expect(refused.errors.contains("--no-group") && refused.errors.contains("--group"))
      let without = try lab.ctl(words + ["--no-group"], as: .allowed)
      #expect(without.exitCode == 0 && without.errors.isEmpty, "\(without)")
    }
  }

  @Test("a paused binding, and one without carrier, is said before a read waits")
  func silence() throws {
    try Lab.run { lab in
      #expect(try lab.ctl("pause", "np0").exitCode == 0)
      let paused = try lab.ctl("read", "np0", "--timeout", "0.3")
      #expect(paused.errors.contains("np0 is paused") && paused.errors.contains("restart np0"))
      #expect(try lab.ctl("restart", "np0").exitCode == 0)
      try lab.farIP("link set np1 down")
      try eventually("no carrier") { try lab.ctl("bindings").output.contains("down") }
      let dark = try lab.ctl("read", "np0", "--timeout", "0.3")
      #expect(dark.errors.contains("np0 has no carrier"), "\(dark)")
      try lab.farIP("link set np1 up")
    }
  }

  @Test(
    "write sends 0x88b5 unless asked, and what --payload-hex, standard input and --frame-hex say")
  func write() throws {
    try Lab.run { lab in
      let far = lab.peer
      let to = ["--dst", "02:00:00:00:00:02", "-n", "1"]
      #expect(try lab.ctl(["write", "np0"] + to).exitCode == 0)
      #expect(try far.receive(1).first?.hasPrefix(Frame.far + Frame.own + "88b50001") == true)
      let hex = try lab.ctl(
        ["write", "np0", "--ethertype", "lldp", "--payload-hex", "de:ad be ef"] + to)
      #expect(hex.exitCode == 0, "\(hex)")
      #expect(try far.receive(1).first?.hasPrefix(Frame.far + Frame.own + "88ccdeadbeef") == true)
      let frame = Frame.far + Frame.own + "88b60102030405"
      #expect(try lab.ctl("write", "np0", "-n", "1", "--frame-hex", frame).exitCode == 0)
      #expect(try far.receive(1).first?.hasPrefix(frame) == true)
      let piped = try lab.startCtl(["write", "np0", "--payload", "-"] + to)
      try piped.writeLine(Array("hello".utf8))
      piped.endInput()
      #expect(try piped.exitCode() == 0)
      #expect(
        try far.receive(1).first?.hasPrefix(Frame.far + Frame.own + "88b568656c6c6f0a") == true)
    }
  }

  @Test("two signals at once end a read with its summary, and a later second one ends it there")
  func signals() throws {
    try Lab.run { lab in
      for _ in 0..<10 {
        let reader = try lab.startCtl("--json", "read", "np0")
        _ = try #require(try reader.nextLine())
        reader.send(SIGTERM)
        reader.send(SIGTERM)
        #expect(try reader.rest().contains("\"event\":\"summary\""))
        #expect(try reader.exitCode() == 0)
      }
      // A daemon that stands leaves the summary waiting for the losses.
      let reader = try lab.startCtl("--json", "read", "np0")
      _ = try #require(try reader.nextLine())
      try lab.daemon.whileStopped {
        reader.send(SIGINT)
        usleep(700_000)
        reader.send(SIGINT)
        let code = try reader.exitCode()
        #expect(code == 128 + SIGINT)
      }
    }
  }

  @Test("--timeout is that of the whole command, also when the daemon does not answer")
  func timeout() throws {
    try Lab.run { lab in
      try lab.daemon.whileStopped {
        for words in [["read", "np0", "-n", "1"], ["wait", "np0"], ["echo", "np0"]] {
          let outcome = try lab.ctl(words + ["--timeout", "1"])
          #expect(outcome.exitCode == 7 && outcome.errors.contains("does not answer"), "\(outcome)")
        }
      }
    }
  }

  @Test("a reader whose output is gone ends by itself, and says nothing")
  func closedOutput() throws {
    try Lab.run { lab in
      // A parent that ignores SIGPIPE hands that on.
      let path = lab.filePath("status")
      let script = "trap '' PIPE; (\"$0\" read np0 --socket \"$1\"; echo $? >\"$2\") | head -n 2"
      let shell = try ChildProcess(
        ["sh", "-c", script, try Product.path("ndisprotctl"), lab.socketPath, path],
        errorPath: lab.filePath("sh"))
      try eventually("the end of the reader") {
        try lab.peer.send(Frame.make())
        return TextFile.read(path) == "0\n"
      }
      #expect(shell.errorText.isEmpty, "\(shell.errorText)")
    }
  }

  @Test("results of set, pause, restart and wait are objects with --json")
  func results() throws {
    try Lab.run { lab in
      for (words, event) in [
        (["wait", "np0"], "bound"), (["pause", "np0"], "paused"),
        (["restart", "np0"], "restarted"),
        (["set", "np0", "current-packet-filter", "directed"], "set"),
      ] {
        let outcome = try lab.ctl(["--json"] + words)
        #expect(
          outcome.exitCode == 0 && outcome.output.hasPrefix("{\"event\":\"\(event)\""), "\(outcome)"
        )
        #expect(outcome.lines.count == 1)
      }
      let text = try lab.ctl("set", "np0", "current-packet-filter", "directed")
      #expect(text.output.contains("ended with this command"))
      let deferred = try lab.ctl("query", "np0", "xmit-deferred")
      #expect(deferred.output.hasPrefix("not counted"))
      #expect(
        try lab.ctl("--json", "query", "np0", "xmit-deferred").output.contains("\"value\":null"))
      #expect(try lab.ctl("oids").output.contains(" link-state "))
    }
  }

  @Test("the trace has the journal's clock, and says what its numbers are")
  func trace() throws {
    try Lab.run { lab in
      #expect(try lab.ctl("trace", "--on").exitCode == 0)
      #expect(try lab.ctl("write", "np0", "-n", "1").exitCode == 0)
      let year = try ChildProcess.run(["date", "+%b %d"], errorPath: lab.filePath("date")).lines
      let text = try lab.ctl("trace").output
      #expect(text.contains(String(try #require(year.first))), "\(text.prefix(300))")
      #expect(text.contains("1 record") && text.contains("bytes sent"), "\(text)")
      let line = try #require(try lab.ctl("--json", "trace").lines.first)
      #expect(line.contains("\"timestampNanosecondsText\":\"") && line.contains("\"explanation\":"))
    }
  }
}
