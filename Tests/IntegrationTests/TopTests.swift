import FoundationEssentials
import Glibc
import Testing

@Suite(
  "ndisprotctl top", .serialized, .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces)
struct TopTests {
  /// A terminal in which `ndisprotctl` runs.
  private func terminal(_ lab: Lab, _ arguments: [String]) throws -> JSONProgram {
    let words =
      User.owner.words + [try Product.path("ndisprotctl"), "--socket", lab.socketPath] + arguments
    let text = String(decoding: try JSONEncoder().encode(words), as: UTF8.self)
    return try JSONProgram(
      "terminal", behind: [], argument: text, errorPath: lab.filePath("terminal"))
  }

  private struct Shown: Decodable {
    let lines: [String]
    let unknown: [String]
    let isSecond: Bool
  }

  private struct Ended: Decodable {
    let code: Int
    let isRestored: Bool
    let isSecond: Bool
    let hasCursor: Bool
    let lines: [String]
  }

  private func start(_ lab: Lab, columns: Int, rows: Int) throws -> JSONProgram {
    let program = try terminal(lab, ["top", "--interval", "0.2"])
    let _: Nothing = try program.ask("start", ["columns": .number(columns), "rows": .number(rows)])
    return program
  }

  private func wait(_ program: JSONProgram, _ pattern: String) throws -> Shown {
    try program.ask("wait", ["pattern": .text(pattern)])
  }

  @Test(
    "the table fits the terminal, and is drawn again when that is resized",
    arguments: [(80, 24), (200, 50)])
  func sizes(columns: Int, rows: Int) throws {
    try Lab.run { lab in
      let reader = try lab.startCtl("read", "np0")
      _ = try reader.nextLine()
      let program = try start(lab, columns: columns, rows: rows)
      let shown = try wait(program, "ndisprotctl")
      let table = try wait(program, "root +ndisprotctl")
      #expect(shown.isSecond && table.unknown.isEmpty, "\(table.unknown)")
      #expect(table.lines[0].hasPrefix("ndisprotctl top"))
      #expect(table.lines[2].hasPrefix("BINDING  USER  PROGRAM"), "\(table.lines)")
      #expect(table.lines[3].hasPrefix("np0"), "\(table.lines)")
      #expect(table.lines.allSatisfy { $0.count <= columns } && table.lines.count == rows)

      let _: Nothing = try program.ask("resize", ["columns": .number(40), "rows": .number(4)])
      let small = try wait(program, #"\.\.\. and 2 more"#)
      #expect(small.lines.count == 4 && small.unknown.isEmpty, "\(small.lines) \(small.unknown)")
      #expect(small.lines[3].hasPrefix("... and"), "\(small.lines)")
      let _: Nothing = try program.ask("press", ["keys": "q"])
      let ended: Ended = try program.ask("end")
      #expect(ended.code == 0 && ended.isRestored && !ended.isSecond && ended.hasCursor)
    }
  }

  @Test("a key sorts, and is shown as the order")
  func keys() throws {
    try Lab.run { lab in
      let program = try start(lab, columns: 80, rows: 24)
      #expect(try wait(program, "sorted by in").lines[0].contains("sorted by in"))
      _ = try wait(program, "np0")
      let _: Nothing = try program.ask("press", ["keys": "c"])
      #expect(try wait(program, "sorted by cpu").lines[0].contains("sorted by cpu"))
    }
  }

  @Test(
    "the terminal is given back whatever ends it", arguments: [SIGINT, SIGTERM, SIGSEGV, SIGABRT])
  func restores(signal: Int32) throws {
    try Lab.run { lab in
      let program = try start(lab, columns: 80, rows: 24)
      _ = try wait(program, "np0")
      let _: Nothing = try program.ask("kill", ["signal": .number(Int(signal))])
      let ended: Ended = try program.ask("end")
      #expect(ended.isRestored && !ended.isSecond && ended.hasCursor)
      #expect(ended.code == (signal == SIGINT || signal == SIGTERM ? 0 : -Int(signal)))
    }
  }

  @Test("a daemon that goes is said on the screen that stays")
  func daemonGoes() throws {
    try Lab.run { lab in
      let program = try start(lab, columns: 100, rows: 24)
      _ = try wait(program, "np0")
      #expect(try lab.daemon.stop() == 0)
      let ended: Ended = try program.ask("end")
      #expect(ended.code == 3 && ended.isRestored && !ended.isSecond)
      #expect(ended.lines.contains { $0.contains("the daemon hung up") }, "\(ended.lines)")
    }
  }

  @Test("in a pipe it is text or JSON, without control characters, with the rates of an interval")
  func pipe() throws {
    try Lab.run { lab in
      let reader = try lab.startCtl("read", "np0", "--count-only")
      _ = try reader.nextLine()
      try lab.peer.startFlood([Frame.make()], count: 20_000, framesPerSecond: 10_000)
      let text = try lab.ctl("top", "--once", "--interval", "0.5")
      #expect(text.exitCode == 0 && !text.output.contains("\u{1B}"), "\(text.output)")
      #expect(text.lines.count >= 3 && text.lines[1].hasPrefix("np0"), "\(text.output)")
      let outcome = try lab.ctl("--json", "top", "--once", "--interval", "0.5", "--sort", "lost")
      try lab.peer.finishFlood()
      let top = try JSONDecoder().decode(Top.self, from: Data(outcome.output.utf8))
      #expect(top.rows.first?.kind == "binding" && top.rows.first?.binding == "np0")
      #expect(
        top.rows.contains { $0.kind == "client" && $0.program == "ndisprotctl" },
        "\(outcome.output)")
      #expect(top.rows.allSatisfy { $0.inPerSecond >= 0 })
    }
  }

  private struct Top: Decodable {
    struct Row: Decodable {
      let kind: String
      let binding: String
      let program: String?
      let inPerSecond: Double
    }
    let rows: [Row]
  }

  @Test("stats --watch prints what moves, with rates, until it is interrupted")
  func statsWatch() throws {
    try Lab.run { lab in
      let watch = try lab.startCtl("stats", "np0", "--watch", "0.2")
      let reader = try lab.startCtl("read", "np0", "--count-only")
      _ = try reader.nextLine()
      try lab.peer.startFlood([Frame.make()], count: 20_000, framesPerSecond: 20_000)
      var isSeen = false
      while !isSeen, let line = try watch.nextLine() {
        let text = String(decoding: line, as: UTF8.self)
        isSeen = text.contains("rxFrames") && text.hasSuffix("/s")
      }
      try lab.peer.finishFlood()
      watch.send(SIGINT)
      _ = try watch.rest()
      #expect(try watch.exitCode() == 0 && isSeen)
    }
  }

  @Test("a capture on a terminal has a live line, which goes with it")
  func liveLine() throws {
    try Lab.run { lab in
      let program = try terminal(lab, ["capture", "np0", "-w", lab.filePath("live")])
      let _: Nothing = try program.ask("start", ["columns": 250, "rows": 10])
      _ = try wait(program, "capturing np0")
      try lab.peer.send(Frame.numbered(3))
      let shown = try wait(program, "3 frames, .*0 lost")
      #expect(
        shown.lines.contains { $0.hasPrefix("3 frames, ") } && shown.unknown.isEmpty, "\(shown)")
      let _: Nothing = try program.ask("press", ["keys": "\u{03}"])
      let ended: Ended = try program.ask("end")
      #expect(ended.code == 0 && ended.isRestored)
      #expect(
        ended.lines.contains { $0.contains("0 lost") && $0.contains("bytes in") }, "\(ended.lines)")
    }
  }
}
