import Glibc
import NDIS
import Testing

/// The program of `ndisprotctl run` as a process: its end, its signals, its children.
@Suite(
  "A program on a virtual adapter: process", .serialized, .timeLimit(.minutes(15)),
  .tags(.integration), .needsNamespaces, .needsSeveralUsers)
struct RunProcessTests {
  @Test("the exit status is the program's, and 125, 126 and 127 as env(1) has them")
  func statuses() throws {
    try Lab.runProgram { lab in
      for status: Int32 in [0, 1, 3, 42, 125, 255] {
        #expect(try lab.runScript("exit \(status)").exitCode == status)
      }
      #expect(try lab.runScript("kill -KILL $$").exitCode == 128 + SIGKILL)
      #expect(try lab.runScript("kill -TERM $$").exitCode == 128 + SIGTERM)
      // A folder of PATH that the user may not enter makes it "Permission denied", as with env(1).
      let path = ["env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
      let missing = try lab.run("no-such-program", with: RunCase(launcher: path))
      #expect(missing.exitCode == 127 && missing.errors.contains("no-such-program: No such file"))
      let denied = try lab.run("/etc/passwd")
      #expect(denied.exitCode == 126 && denied.errors.contains("/etc/passwd: Permission denied"))
      let unbound = try lab.run("true", with: RunCase(binding: "nosuch0"))
      #expect(unbound.exitCode == 125 && unbound.errors.contains("there is no binding nosuch0"))
      let usage = try lab.run(with: RunCase())
      #expect(usage.exitCode == 64 && usage.errors.contains("behind --"))
    }
  }

  @Test("a signal sent to the run reaches the program, and what it makes of it is the status")
  func signals() throws {
    try Lab.runProgram { lab in
      let program = try lab.startRun(
        "sh", "-c",
        "trap 'echo usr1' USR1; trap 'echo term; exit 5' TERM; echo ready; "
          + "while :; do sleep 0.05; done")
      #expect(try program.nextText() == "ready")
      program.send(SIGUSR1)
      #expect(try program.nextText() == "usr1")
      program.send(SIGTERM)
      #expect(try program.nextText() == "term")
      #expect(try program.exitCode() == 5)
    }
  }

  @Test("input, directory, environment, umask and descriptors are the caller's")
  func inheritance() throws {
    try Lab.runProgram { lab in
      let launcher = [
        "env", "WORD=word", "sh", "-c", "cd / && umask 027 && exec \"$@\" 7</etc/passwd", "sh",
      ]
      let script = "pwd; echo $WORD; umask; ls /proc/$$/fd"
      let inside = try lab.runScript(script, with: RunCase(launcher: launcher))
      let outside = try ChildProcess.run(
        launcher + ["sh", "-c", script], errorPath: lab.filePath("outside"))
      #expect(inside.lines.prefix(3) == ["/", "word", "0027"], "\(inside.errors)")
      #expect(inside.lines.contains("7"))
      // Neither descriptors of the pump, nor fewer.
      #expect(inside.output == outside.output)
      let program = try lab.startRun("cat")
      try program.writeLine(Array("hello".utf8))
      #expect(try program.nextText() == "hello")
      program.endInput()
      #expect(try program.exitCode() == 0)
    }
  }

  @Test("arguments that are not UTF-8 reach the program byte for byte")
  func bytes() throws {
    try Lab.runProgram { lab in
      // The shell makes the word: a test has only text.
      let launcher = ["sh", "-c", #"exec "$@" "$(printf 'a\377b\303\244')""#, "sh"]
      let outcome = try lab.run(
        "sh", "-c", "printf %s \"$1\" | od -An -tx1", "sh", with: RunCase(launcher: launcher))
      #expect(outcome.output.contains("61 ff 62 c3 a4"), "\(outcome.output) \(outcome.errors)")
    }
  }

  @Test("a program that goes into the background is waited for, and ended with a signal")
  func background() throws {
    try Lab.runProgram { lab in
      let program = try lab.startRun(
        "sh", "-c",
        "setsid sh -c 'trap \"echo ended; exit\" TERM; echo alone; "
          + "while :; do sleep 0.05; done' & sleep 0.1; exit 7")
      #expect(try program.nextText() == "alone")
      usleep(300_000)
      #expect(try !program.hasEnded())
      program.send(SIGTERM)
      #expect(try program.nextText() == "ended")
      #expect(try program.exitCode() == 7)
    }
  }

  @Test("as root of its namespace a program is 0, and files are the user's all the same")
  func asRoot() throws {
    try Lab.runProgram { lab in
      let folder = try lab.openFolder()
      defer { unlink("\(folder)/made"); rmdir(folder) }
      let outcome = try lab.runScript(
        "id -u; touch \(folder)/made; ip link show np0 >/dev/null && echo seen",
        with: RunCase(options: ["--as-root"]))
      #expect(outcome.lines == ["0", "seen"], "\(outcome.errors)")
      var status = stat()
      #expect(stat("\(folder)/made", &status) == 0 && status.st_uid == 65_534)
    }
  }
}

extension ChildProcess {
  /// The next line as text.
  func nextText() throws -> String? {
    try nextLine().map { String(decoding: $0, as: UTF8.self) }
  }

}
