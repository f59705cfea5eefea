import Glibc
import Testing

@Suite(
  "ndisprotctl on a terminal", .serialized, .timeLimit(.minutes(10)), .tags(.integration),
  .needsNamespaces)
struct TerminalTests {
  private static let escape = "\u{1B}["

  @Test("tables and errors have colours on a terminal, and none with NO_COLOR or --color never")
  func color() throws {
    try Lab.run { lab in
      let table = try lab.onTerminal(["bindings"])
      #expect(table.output.contains("\(Self.escape)1mIFINDEX"), "\(table)")
      #expect(table.output.contains("\(Self.escape)32mrunning"))
      let error = try lab.onTerminal(["read", "nosuch"])
      #expect(error.exitCode == 4 && error.output.contains("\(Self.escape)31mndisprotctl:"))
      let usage = try lab.onTerminal(["raed", "np0"])
      #expect(usage.exitCode == 64 && usage.output.contains("\(Self.escape)31mndisprotctl:"))
      let help = try lab.onTerminal(["read", "--help"])
      #expect(help.output.contains("\(Self.escape)1mUSAGE:"))
      let doctor = try lab.onTerminal(["doctor"])
      #expect(doctor.output.contains("\(Self.escape)32mok"))
      for words in [["bindings"], ["read", "nosuch"], ["raed"], ["read", "--help"], ["doctor"]] {
        let plain = try lab.onTerminal(words, environment: ["NO_COLOR=1"]).output
        #expect(!plain.contains(Self.escape) && !plain.isEmpty, "\(words): \(plain)")
        let never = try lab.onTerminal(["--color", "never"] + words).output
        #expect(!never.contains(Self.escape), "\(words): \(never)")
        let dumb = try lab.onTerminal(words, environment: ["TERM=dumb"]).output
        #expect(!dumb.contains(Self.escape), "\(words): \(dumb)")
      }
      #expect(try lab.onTerminal(["--json", "bindings"]).output.hasPrefix("{"))
      #expect(try !lab.ctl("bindings").output.contains(Self.escape))
      #expect(try lab.ctl("--color", "always", "bindings").output.contains(Self.escape))
    }
  }

  @Test("what is shown fits the terminal", arguments: [60, 80, 120])
  func width(_ columns: Int) throws {
    try Lab.run { lab in
      for words in [
        ["bindings"], ["oids"], ["doctor"], ["status"], ["read", "nosuch"], ["stats", "--limits"],
        ["policy", "explain", "0", "np0", "lldp"],
      ] {
        let shown = try lab.onTerminal(["--color", "never"] + words, columns: columns).output
        // A path or a name without a space in it cannot be broken.
        let long = shown.split(separator: "\n").filter { line in
          line.count > columns && line.drop { $0 == " " }.contains(" ")
            && !line.contains(lab.socketPath)
        }
        #expect(long.isEmpty && !shown.isEmpty, "\(words): \(long)")
      }
    }
  }

  // MARK: Completion

  @Test(
    "bash, zsh and fish complete subcommands, interfaces, OIDs, EtherTypes and users",
    arguments: [
      ("ndisprotctl statu", "status"), ("ndisprotctl query np", "np0"),
      ("ndisprotctl query np0 link-sta", "link-state"),
      ("ndisprotctl read np0 --ethertype profin", "profinet"),
      ("ndisprotctl policy explain daemo", "daemon"),
      ("ndisprotctl read np0 --idle", "--idle-timeout"),
    ])
  func completion(_ line: String, _ wanted: String) throws {
    try Lab.run { lab in
      for shell in ["bash", "zsh", "fish"] {
        let offered = try lab.completions(of: line, until: wanted, in: shell)
        #expect(offered.contains(wanted), "\(shell): \(line): \(offered)")
      }
    }
  }
}

extension Lab {
  /// Runs `ndisprotctl` on a terminal.
  fileprivate func onTerminal(
    _ words: [String], columns: Int = 100, environment: [String] = []
  ) throws -> ChildProcess.Outcome {
    let command =
      ["env", "-u", "NO_COLOR", "TERM=xterm", "NDISPROT_SOCKET=\(socketPath)"] + environment
      + [try Product.path("ndisprotctl")] + words
    return try terminal(columns, steps: "[]", until: "", command)
  }

  private func terminal(
    _ columns: Int, steps: String, until: String, _ words: [String]
  ) throws -> ChildProcess.Outcome {
    let folder = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/")
    return try ChildProcess.run(
      ["python3", "-IS", "\(folder)/Peers/on_terminal.py", "\(columns)", steps, until] + words,
      errorPath: filePath("terminal"))
  }

  /// What a shell shows behind a command line and the tabulator key, until it is what is wanted.
  fileprivate func completions(
    of line: String, until wanted: String, in shell: String
  ) throws -> String {
    let program = try Product.path("ndisprotctl")
    let folder = program.split(separator: "/").dropLast().joined(separator: "/")
    let script = filePath("completion")
    let text = try ChildProcess.run(
      [program, "--generate-completion-script", shell], errorPath: filePath("script")
    ).output
    guard TextFile.write(text, to: script) else { throw LabError.failed("cannot write \(script)") }
    let environment = [
      "env", "PATH=/\(folder):/usr/bin:/bin", "NDISPROT_SOCKET=\(socketPath)", "HOME=\(directory)",
      "TERM=xterm",
    ]
    if shell == "fish" {
      let prompt = "source \(script); function fish_prompt; echo -n 'ready> '; end"
      return try terminal(
        200, steps: "[[\"ready> \", \"\(line)\\t\"]]", until: wanted,
        environment + ["fish", "-i", "-C", prompt]
      ).output
    }
    let setUp =
      shell == "zsh"
      ? "autoload -Uz compinit; compinit -u -D; source \(script); compdef _ndisprotctl ndisprotctl"
      : "source \(script)"
    // The prompt is written so that the echo of the line does not look like it.
    let steps = "[[\"# \", \"\(setUp); PS1='re''ady> '\\n\"], [\"ready> \", \"\(line)\\t\"]]"
    let words = shell == "zsh" ? ["zsh", "-f", "-i"] : ["bash", "--norc", "--noprofile", "-i"]
    return try terminal(200, steps: steps, until: wanted, environment + words).output
  }
}
