import FoundationEssentials
import Glibc
import NDIS
import Testing

/// How runs end, and what they leave: kills, floods, two at once, many one after the other.
@Suite(
  "A program on a virtual adapter: life", .serialized, .timeLimit(.minutes(30)),
  .tags(.integration),
  .needsNamespaces, .needsSeveralUsers)
struct RunLifeTests {
  @Test("at a terminal ^C, ^Z, fg, ^D and a program that stops itself work as without a run")
  func terminal() throws {
    try Lab.runProgram { lab in
      let path =
        "\(#filePath.split(separator: "/").dropLast().joined(separator: "/"))/Peers/jobcontrol.py"
      let words = try RunCase().words(lab, [])
      let json = String(decoding: try JSONEncoder().encode(words), as: UTF8.self)
      let outcome = try ChildProcess.run(
        ["python3", "/" + path, json], errorPath: lab.filePath("terminal"))
      #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.errors)")
      #expect(outcome.lines.last == "the terminal is a terminal" || outcome.lines.last == "prompt")
    }
  }

  @Test("the audit says that an open is a run's, and which program it is for")
  func audited() throws {
    try Lab.runProgram { lab in
      #expect(try lab.run("/bin/true").exitCode == 0)
      let log = try lab.daemon.log
      #expect(log.contains("purpose=\"run true\""), "\(log)")
      // The client's words, which cannot make a line or a field of their own.
      let forged = try lab.run("x\" rule=\"all\nndisprotd: audit: forged")
      #expect(forged.exitCode != 0)
      let lines = try lab.daemon.logLines
      #expect(!lines.contains { $0.hasPrefix("ndisprotd: audit: forged") })
      #expect(!lines.contains { $0.contains("rule=\"all\"") })
    }
  }

  @Test("a pump that is killed takes its program with it, and the open is closed")
  func killedPump() throws {
    try Lab.runProgram { lab in
      let program = try lab.startRun(
        "sh", "-c", "trap 'echo orphaned; exit' TERM; echo ready; while :; do sleep 0.05; done")
      #expect(try program.nextText() == "ready")
      program.send(SIGKILL)
      #expect(try program.nextText() == "orphaned")
      #expect(try program.exitCode() == 128 + SIGKILL)
    }
  }

  @Test("a pump of root's that is killed takes its program with it as well")
  func killedPumpOfRoot() throws {
    try Lab.runProgram { lab in
      let script = "trap 'echo orphaned; exit' TERM; echo ready; while :; do sleep 0.05; done"
      let words = try RunCase(device: .closed, user: nil).words(lab, ["sh", "-c", script])
      let program = try ChildProcess(words, errorPath: lab.filePath("run"))
      #expect(try program.nextText() == "ready", "\(program.errorText)")
      program.send(SIGKILL)
      #expect(try program.nextText() == "orphaned")
    }
  }

  @Test("two runs at once hear the same frames, and what each sends leaves")
  func two() throws {
    try Lab.runProgram { lab in
      let peer = lab.peer
      let listeners = try (0..<2).map { _ in
        try lab.startRun(
          "tcpdump", "-i", "np0", "-Q", "in", "--immediate-mode", "-l", "-n", "-t", "-xx", "-c",
          "10")
      }
      for listener in listeners {
        try eventually("tcpdump: \(listener.errorText)") {
          listener.errorText.contains("listening on np0")
        }
      }
      let frames = Frame.numbered(10)
      try peer.send(frames)
      for listener in listeners {
        #expect(Tcpdump.frames(of: try listener.rest()) == frames)
        #expect(try listener.exitCode() == 0)
      }
      let senders = try (1...2).map { number in
        let sender = try lab.startRun("python3", "-c", Lab.sender)
        try sender.writeLine(Array(Frame.outward(number: number).utf8))
        sender.endInput()
        return sender
      }
      #expect(try Set(peer.receive(2)) == Set((1...2).map { Frame.outward(number: $0) }))
      for sender in senders { #expect(try sender.exitCode() == 0) }
    }
  }

  @Test("of a flood every frame that the program was told is sent has left")
  func flood() throws {
    try Lab.runProgram { lab in
      let before = try lab.farReceived()
      let script = """
        import socket
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        s.bind(("np0", 0))
        frame = bytes.fromhex("\(Frame.outward())")
        sent = full = 0
        while sent + full < 400000:
            try:
                s.send(frame)
                sent += 1
            except OSError as error:
                if error.errno != 105: raise
                full += 1
        print(sent, full)
        """
      let outcome = try lab.run("python3", "-c", script)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let counts = outcome.output.split { " \n".contains($0) }.compactMap { Int($0) }
      #expect(counts.count == 2 && counts.reduce(0, +) == 400_000)
      let refused = outcome.errors.split(separator: "\n")
        .compactMap { $0.firstMatch(of: /run: (\d+) frames? (refused|not)/).flatMap { Int($0.1) } }
        .reduce(0, +)
      print("flood: \(counts), refused by the daemon \(refused)")
      #expect(try lab.farReceived() - before == counts[0] - refused)
    }
  }

  @Test("frames that were lost in front of the pump, and behind its last one, are said at the end")
  func lostInFront() throws {
    try Lab.runProgram(binding: "ring = \"2 MiB\"\nqueue = \"1 MiB\"") { lab in
      let frames = Array(repeating: Frame.make(byteCount: 1_514), count: 1_000)
      let lost = { (program: ChildProcess, words: String) in
        program.errorText.split(separator: "\n").first { $0.contains(words) }
          .flatMap { $0.firstMatch(of: /run: (\d+) frames/) }.flatMap { Int($0.1) }
      }
      let ring = try lab.startRun("sh", "-c", "echo ready; read line")
      #expect(try ring.nextText() == "ready")
      try lab.daemon.whileStopped {
        for _ in 0..<4 { try lab.peer.send(frames) }
      }
      try ring.writeLine([])
      #expect(try ring.exitCode() == 0)
      #expect(lost(ring, "capture ring was full") ?? 0 > 1_000, "\(ring.errorText)")

      let queue = try lab.startRun("sh", "-c", "echo ready; read line")
      #expect(try queue.nextText() == "ready")
      queue.send(SIGSTOP)
      for _ in 0..<4 {
        try lab.peer.send(frames)
        // The ring is not what shall be full.
        usleep(100_000)
      }
      queue.send(SIGCONT)
      try queue.writeLine([])
      #expect(try queue.exitCode() == 0)
      #expect(
        lost(queue, "faster than the program's interface") ?? 0 > 1_000, "\(queue.errorText)")
    }
  }

  @Test("frames that were merged and cut are never given to a program, but counted, with a remedy")
  func merged() throws {
    try Lab.runProgram { lab in
      try lab.ip("addr add 10.9.0.1/24 dev np0")
      try lab.farIP("addr add 10.9.0.2/24 dev np1")
      let program = try lab.startRun(
        "tcpdump", "-i", "np0", "-Q", "in", "--immediate-mode", "-l", "-n", "-t", "-e", "tcp")
      try eventually("tcpdump: \(program.errorText)") {
        program.errorText.contains("listening on np0")
      }
      let listen =
        "import socket; s = socket.create_server((\"10.9.0.1\", 5001)); print(\"up\", flush=True); "
        + "c, _ = s.accept(); n = 0\nwhile b := c.recv(65536): n += len(b)\nprint(n, flush=True)"
      let server = try ChildProcess(
        lab.nearWords(["python3", "-c", listen]), errorPath: lab.filePath("server"))
      #expect(try server.nextText() == "up")
      let send =
        "import socket; s = socket.create_connection((\"10.9.0.1\", 5001)); s.sendall(bytes(4 << 20))"
      let client = try ChildProcess.run(
        lab.farWords(["python3", "-c", send]), errorPath: lab.filePath("client"))
      #expect(client.exitCode == 0, "\(client.errors)")
      #expect(try server.nextText() == "\(4 << 20)")
      _ = try server.exitCode()
      program.send(SIGINT)
      let lines = try program.rest().split(separator: "\n")
      #expect(try program.exitCode() == 0)
      #expect(lines.contains { $0.contains("10.9.0.2") })
      for line in lines {
        let length = line.firstMatch(of: /length (\d+):/).flatMap { Int($0.1) }
        #expect(length.map { $0 <= 1_518 } ?? true, "\(line)")
      }
      #expect(program.errorText.contains("merged on the way"), "\(program.errorText)")
      #expect(program.errorText.contains("ethtool -K np0 gro off"))
    }
  }

  @Test(
    "many starts and ends leave nothing: no process that holds a namespace, and nothing in the daemon"
  )
  func many() throws {
    try Lab.runProgram { lab in
      let token = "leaves-nothing-\(getpid())"
      for _ in 0..<FaultForm.count(short: 30, long: 1_000) {
        let status = try lab.run("sh", "-c", ": \(token)").exitCode
        #expect(status == 0)
      }
      let left = Lab.processes(calledWith: token)
      #expect(left.isEmpty)
    }
  }
}

extension Lab {
  /// Frames that arrived at the far end of the first cable.
  fileprivate func farReceived() throws -> Int {
    let outcome = try ChildProcess.run(
      farWords(["cat", "/proc/net/dev"]), errorPath: filePath("counters"))
    let line = outcome.lines.first { $0.contains("np1:") }
    let fields = line?.split { " :".contains($0) } ?? []
    guard fields.count > 2, let count = Int(fields[2]) else {
      throw LabError.failed("no counters of np1: \(outcome.output)")
    }
    return count
  }

  /// Processes with a word in their arguments.
  fileprivate static func processes(calledWith word: String) -> [String] {
    TextFile.names(in: "/proc").filter { name in
      Int(name) != nil && TextFile.read("/proc/\(name)/cmdline")?.contains(word) == true
    }
  }
}
