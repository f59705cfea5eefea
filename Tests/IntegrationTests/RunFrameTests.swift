import Glibc
import NDIS
import Testing

/// Frames between the wire and an unmodified program, as `ndisprotctl run` moves them.
@Suite(
  "A program on a virtual adapter: frames", .serialized, .timeLimit(.minutes(15)),
  .tags(.integration), .needsNamespaces, .needsSeveralUsers)
struct RunFrameTests {
  @Test("tcpdump sees 300 random frames of all tag shapes as they are on the wire")
  func arriving() throws {
    try Lab.runProgram { lab in
      var dice = FrameDice(seed: 2_201)
      let frames = dice.frames(300, to: Frame.own, from: Frame.far)
      let program = try lab.startRun(
        "tcpdump", "-i", "np0", "-s", "2048", "-B", "16384", "--immediate-mode", "-l", "-n", "-t",
        "-xx",
        "-c", "300")
      try eventually("tcpdump: \(program.errorText)") {
        program.errorText.contains("listening on np0")
      }
      for start in stride(from: 0, to: 300, by: 50) {
        try lab.peer.send(Array(frames[start..<start + 50]))
      }
      let seen = Tcpdump.frames(of: try program.rest())
      #expect(try program.exitCode() == 0, "\(program.errorText)")
      #expect(seen.count == 300)
      #expect(seen == frames)
    }
  }

  @Test("300 random frames of all tag shapes that a program sends are on the wire as they were")
  func leaving() throws {
    try Lab.runProgram { lab in
      var dice = FrameDice(seed: 2_202)
      let frames = dice.frames(300, to: Frame.far, from: Frame.own)
      let peer = lab.peer
      let program = try lab.startRun("python3", "-c", Lab.sender)
      try program.writeLine(Array(frames.joined(separator: " ").utf8))
      program.endInput()
      #expect(try peer.receive(300) == frames)
      #expect(try program.exitCode() == 0, "\(program.errorText)")
      #expect(program.errorText.isEmpty)
    }
  }

  @Test("what a program sends right before its end leaves")
  func lastFrames() throws {
    try Lab.runProgram { lab in
      let peer = lab.peer
      let frames = (1...64).map { Frame.outward(number: $0) }
      let program = try lab.startRun("python3", "-c", Lab.sender)
      try program.writeLine(Array(frames.joined(separator: " ").utf8))
      program.endInput()
      #expect(try program.exitCode() == 0, "\(program.errorText)")
      #expect(try peer.receive(64) == frames)
    }
  }

  @Test("frames that a rule refuses are counted by reason and said at the end")
  func refused() throws {
    try Lab.runProgram { lab in
      let peer = lab.peer
      let forged = Frame.make(to: Frame.far, from: Frame.foreign)
      let program = try lab.startRun("python3", "-c", Lab.sender)
      let frames = [forged, forged, forged, Frame.outward(number: 7)]
      try program.writeLine(Array(frames.joined(separator: " ").utf8))
      program.endInput()
      #expect(try peer.receive(1) == [Frame.outward(number: 7)])
      #expect(try program.exitCode() == 0)
      #expect(
        program.errorText == "ndisprotctl: run: 3 frames refused: source address is not np0's\n")
    }
  }

  @Test("arping and ping reach a station, with fragments too")
  func stations() throws {
    try Lab.runProgram { lab in
      try lab.farIP("addr add 10.9.0.2/24 dev np1")
      let outcome = try lab.runScript(
        """
        ip addr add 10.9.0.1/24 dev np0
        arping -c 2 -I np0 10.9.0.2 && ping -n -q -c 2 -i 0.2 -W 5 -s 1472 -M do 10.9.0.2 &&
        ping -n -q -c 2 -i 0.2 -W 5 -s 4000 10.9.0.2
        """)
      #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.errors)")
    }
  }

  @Test(
    "a TAP is used where its node can be opened, else a veth pair, and -v says why",
    arguments: [
      (RunCase.Device.open, "tun", ""), (.missing, "veth", "No such file or directory"),
      (.closed, "veth", "Permission denied"),
    ])
  func form(device: RunCase.Device, driver: String, cause: String) throws {
    try Lab.runProgram { lab in
      let chosen = try lab.run(
        "ethtool", "-i", "np0",
        with: RunCase(device: device, options: ["-v"], namesForm: false))
      #expect(chosen.lines.first == "driver: \(driver)", "\(chosen.errors)")
      #expect(chosen.errors.contains("a veth pair is used") == (device != .open))
      #expect(chosen.errors.contains(cause) || cause.isEmpty, "\(chosen.errors)")
      guard device != .open else { return }
      let tap = RunCase(device: device, options: ["--form", "tap"], namesForm: false)
      let refused = try lab.run("true", with: tap)
      #expect(refused.exitCode == 125)
      #expect(refused.errors.contains("/dev/net/tun: \(cause)"), "\(refused.errors)")
      #expect(refused.errors.contains("write --form veth"))
    }
  }

  @Test("the adapter has the binding's name, index, address and MTU, and no other user's rights")
  func appearance() throws {
    try Lab.runProgram { lab in
      let index = try #require(
        try lab.ctl("--json", "bindings").output.firstMatch(of: /"ifindex":(\d+)/)?.1)
      let outcome = try lab.runScript(
        "ip -o link show dev np0; id -u; grep CapEff /proc/self/status")
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let lines = outcome.lines
      #expect(lines.count == 3)
      #expect(lines[0].hasPrefix("\(index): np0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500"))
      #expect(lines[0].contains("link/ether 02:00:00:00:00:01"))
      #expect(lines[0].contains("qdisc noqueue"))
      #expect(lines[1] == "65534")
      #expect(lines[2].hasSuffix("0000000000003400"))
    }
  }
}
