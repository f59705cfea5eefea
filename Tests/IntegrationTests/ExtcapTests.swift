import Glibc
import Testing

@Suite(
  "ndisprotctl for Wireshark", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct ExtcapTests {
  /// A folder with a link to `ndisprotctl` alone: Wireshark runs whatever is in it.
  private func folder(_ lab: Lab) throws -> String {
    let folder = "\(lab.directory)/extcap"
    mkdir(folder, 0o755)
    symlink(try Product.path("ndisprotctl"), "\(folder)/ndisprot")
    return folder
  }

  private func removeFolder(_ lab: Lab) throws {
    try lab.succeed([
      "rm", "-rf", "\(lab.directory)/extcap", "\(lab.directory)/.config", "\(lab.directory)/.cache",
    ])
  }

  private func words(_ lab: Lab, _ user: User, _ words: [String]) throws -> [String] {
    user.words
      + [
        "env", "WIRESHARK_EXTCAP_DIR=\(lab.directory)/extcap", "NDISPROT_SOCKET=\(lab.socketPath)",
        "HOME=\(lab.directory)", "TMPDIR=\(lab.directory)", "LC_ALL=C",
      ] + words
  }

  private func run(_ lab: Lab, _ arguments: [String], as user: User = .owner) throws
    -> ChildProcess.Outcome
  {
    try ChildProcess.run(try words(lab, user, arguments), errorPath: lab.filePath("extcap"))
  }

  @Test("it answers what Wireshark asks, and passes over what it does not know")
  func answers() throws {
    try Lab.run(Lab.Options(preparation: ["link set np0 alias {up}"])) { lab in
      let program = try folder(lab) + "/ndisprot"
      defer { try? removeFolder(lab) }
      let interfaces = try run(
        lab, [program, "--extcap-interfaces", "--extcap-version=4.0", "--extcap-new", "x"])
      #expect(interfaces.exitCode == 0 && interfaces.lines.count == 2)
      #expect(interfaces.lines[0].hasPrefix("extcap {version="))
      #expect(
        interfaces.lines[1]
          == "interface {value=ndisprot-np0}{display=np0 through ndisprotd ( up )}")
      let types = try run(lab, [program, "--extcap-dlts", "--extcap-interface", "ndisprot-np0"])
      #expect(types.output == "dlt {number=1}{name=EN10MB}{display=Ethernet}\n")
      let options = try run(lab, [program, "--extcap-config", "--extcap-interface=ndisprot-np0"])
      #expect(options.lines.count == 6 && options.lines.allSatisfy { $0.hasPrefix("arg {number=") })
      #expect(
        options.output.contains("{call=--ethertypes}") && options.output.contains("{default=any}"))
      // The same through the program's own name.
      let named = try run(lab, [try Product.path("ndisprotctl"), "extcap", "--extcap-interfaces"])
      #expect(named.output == interfaces.output)
    }
  }

  @Test("a filter is checked: nothing is what a good one gets")
  func filterCheck() throws {
    try Lab.run { lab in
      let program = try folder(lab) + "/ndisprot"
      defer { try? removeFolder(lab) }
      func check(_ filter: String) throws -> String {
        try run(
          lab, [program, "--extcap-interface", "ndisprot-np0", "--extcap-capture-filter", filter]
        ).output
      }
      #expect(try check("vlan 42") == "")
      #expect(try check("ether src and").contains("syntax error"))
      #expect(try check("inbound").contains("use --direction"))
    }
  }

  @Test("interfaces and presets are what the user may read", .needsSeveralUsers)
  func rights() throws {
    let policy = Policy.text(Policy.rule("lldp", #""lldp", "0x88b5""#, #""read", "join""#))
    try Lab.run(configuration: policy) { lab in
      let program = try folder(lab) + "/ndisprot"
      defer { try? removeFolder(lab) }
      let mine = try run(lab, [program, "--extcap-interfaces"], as: .allowed)
      #expect(mine.output.contains("ndisprot-np0"))
      let options = try run(
        lab, [program, "--extcap-config", "--extcap-interface", "ndisprot-np0"], as: .allowed)
      #expect(options.output.contains("{default=local,lldp}"), "\(options.output)")
      #expect(try run(lab, [program, "--extcap-interfaces"], as: .stranger).lines.count == 1)
    }
  }

  @Test("without a daemon there is no interface, and no noise")
  func noDaemon() throws {
    try Lab.run(Lab.Options(startsDaemon: false)) { lab in
      let program = try folder(lab) + "/ndisprot"
      defer { try? removeFolder(lab) }
      let outcome = try run(lab, [program, "--extcap-interfaces"])
      #expect(outcome.exitCode == 0 && outcome.lines.count == 1 && outcome.errors.isEmpty)
    }
  }

  // Wireshark's programs look into no folder of a variable for root.
  @Test(
    "tshark captures through it: interface, direction, drop counts, nanoseconds", .needsSeveralUsers
  )
  func tshark() throws {
    try Lab.run { lab in
      _ = try folder(lab)
      chmod(lab.directory, 0o777)
      defer { try? removeFolder(lab) }
      let listed = try run(lab, ["tshark", "-D"], as: .allowed)
      #expect(
        listed.output.contains("ndisprot-np0 (np0 through ndisprotd"),
        "\(listed.output)\(listed.errors)")
      let path = "\(lab.directory)/shark"
      let shark = try ChildProcess(
        try words(
          lab, .allowed, ["tshark", "-q", "-n", "-i", "ndisprot-np0", "-c", "5", "-w", path]),
        errorPath: lab.filePath("tshark"))
      try eventually("an open of tshark's: \(shark.errorText)") {
        try lab.ctl("--json", "stats").output.contains(#""kind":"open""#)
      }
      try lab.peer.startStream(Frame.make(number: 7), count: 400, microseconds: 10_000)
      #expect(try shark.exitCode() == 0, "\(shark.errorText)")
      let witness = CaptureWitness(lab, path)
      #expect(try witness.frames() == [String](repeating: Frame.make(number: 7), count: 5))
      #expect(try witness.fields("frame.interface_name").allSatisfy { $0.contains("np0") })
      #expect(try witness.description().contains("nanosecond"))
      // What was started for it is gone with it.
      try eventually("the end of the extcap program") {
        try !lab.ctl("--json", "stats").output.contains(#""kind":"open""#)
      }
    }
  }

  @Test(
    "a user with a rule for LLDP alone captures that with Wireshark's defaults, groups included",
    .needsSeveralUsers)
  func narrowRule() throws {
    let policy = Policy.text(Policy.rule("lldp", #""lldp""#, #""read", "join""#))
    try Lab.run(configuration: policy) { lab in
      _ = try folder(lab)
      chmod(lab.directory, 0o777)
      defer { try? removeFolder(lab) }
      let path = "\(lab.directory)/shark"
      let shark = try ChildProcess(
        try words(
          lab, .allowed, ["tshark", "-q", "-n", "-i", "ndisprot-np0", "-c", "2", "-w", path]),
        errorPath: lab.filePath("tshark"))
      try eventually("an open of tshark's: \(shark.errorText)") {
        try lab.ctl("--json", "stats").output.contains(#""kind":"open""#)
      }
      let lldp = Frame.make(to: "0180c200000e", type: "88cc", number: 2)
      try lab.peer.startStream(lldp, count: 400, microseconds: 10_000)
      #expect(try shark.exitCode() == 0, "\(shark.errorText)")
      #expect(try CaptureWitness(lab, path).frames() == [lldp, lldp])
    }
  }

  @Test("what goes wrong is one sentence on standard error")
  func errors() throws {
    try Lab.run { lab in
      let program = try folder(lab) + "/ndisprot"
      defer { try? removeFolder(lab) }
      let fifo = lab.filePath("fifo")
      func capture(_ more: [String]) throws -> ChildProcess.Outcome {
        try run(lab, [program, "--capture", "--fifo", fifo] + more)
      }
      let cases: [([String], String, Int32)] = [
        (["--extcap-interface", "ndisprot-nosuch"], "there is no binding nosuch", 4),
        (["--extcap-interface", "ndisprot-np0", "--ethertypes", "zz"], "are no EtherTypes", 1),
        (["--extcap-interface", "ndisprot-np0", "--groups", "zz"], "are no groups", 1),
        (
          ["--extcap-interface", "ndisprot-np0", "--extcap-capture-filter", "inbound"],
          "use --direction", 1
        ),
      ]
      for (words, text, code) in cases {
        let outcome = try capture(words)
        #expect(outcome.exitCode == code && outcome.errors.contains(text), "\(outcome.errors)")
        #expect(outcome.errors.split(separator: "\n").count == 1)
      }
    }
  }
}
