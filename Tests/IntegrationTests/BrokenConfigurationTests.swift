import Glibc
import NDIS
import Testing

@Suite(
  "A service that stays up", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces, .needsSeveralUsers)
struct BrokenConfigurationTests {
  private static let reader = Policy.rule("reader", "\"local\"", "\"read\"")

  @Test(
    "a configuration that is broken at the start is the answer to every request, until it is mended"
  )
  func brokenAtStart() throws {
    try Lab.run(configuration: "[[binding]]\ninterface = \"np0\"\n[[rule]\n") { lab in
      for user in [User.owner, .allowed, .stranger] {
        for words in [["bindings"], ["read", "np0"], ["wait", "np0"], ["stats"]] {
          let outcome = try lab.ctl(words, as: user)
          #expect(outcome.exitCode == 1, "\(words)")
          #expect(outcome.errors.contains("\(lab.configurationPath):3:8: "), "\(outcome.errors)")
        }
      }
      let device = try lab.client.connect().openDevice("np0").status
      #expect(device == .misconfigured)
      let waiting = try lab.client.connect()
      #expect(try lab.ctl("status").output.contains("\(lab.configurationPath):3:8: "))
      // Another mistake is the answer from then on.
      let other = try lab.reload("colour = 1\n")
      #expect(other.exitCode == 1 && other.errors.contains(":1:1: unknown key colour"))
      #expect(try lab.ctl("bindings").errors.contains(":1:1: unknown key colour"))
      #expect(try lab.reload(Policy.text(Self.reader)).exitCode == 0)
      #expect(try lab.ctl("bindings").output.contains("np0"))
      // A session from before needs no new connection.
      #expect(try waiting.enumerate().count == 1)
      let session = try lab.client.open(types: [0x88B5])
      #expect(try session.isPending(session.startRead()))
    }
  }

  @Test("a rule for a user who comes later holds then, without a reload")
  func laterUser() throws {
    let text = Policy.text(
      Self.reader, Policy.rule("late", "\"lldp\"", "\"read\"", user: "user = \"later\""))
    // A copy of /etc of the daemon's own: accounts of the machine are not touched.
    let etc = ["unshare", "--mount", "sh", "-c"]
    let script =
      "d=$(mktemp -d) && cp -a /etc/. $d && mount --bind $d /etc && "
      + "ln -s $d $0 && exec \"$@\""
    let link = Lab.temporaryPath("etc")
    defer {
      _ = try? ChildProcess.run(
        ["sh", "-c", "rm -rf $(readlink \(link)) \(link)"], errorPath: link + ".err")
    }
    try Lab.run(configuration: text, launcher: etc + [script, link]) { lab in
      let log = try lab.daemon.log
      #expect(log.contains("rule \"late\": there is no user 'later'"))
      #expect(try lab.ctl("bindings", "--json").lines.count == 1)
      let late = User.numbered(61_777)
      #expect(try lab.ctl(["bindings", "--json"], as: late).exitCode == 6)
      let add = "sed -i '$a later:x:61777:61777::/:/bin/false' \(link)/passwd"
      _ = try ChildProcess.run(["sh", "-c", add], errorPath: lab.filePath("sed"))
      try eventually("the rule holds: \(lab.daemon.log)") {
        try lab.ctl(["bindings", "--json"], as: late).exitCode == 0
      }
      #expect(try lab.daemon.log.contains("users or groups changed"))
    }
  }

  @Test("policy add leaves no file that the daemon refuses, and says several mistakes in one line")
  func policyAddRefused() throws {
    try Lab.run(configuration: "# nothing yet\n") { lab in
      let folder = lab.directory + "/conf.d"
      defer {
        for name in TextFile.names(in: folder) { unlink("\(folder)/\(name)") }
        rmdir(folder)
      }
      // The name of the rule is taken, which only the daemon knows.
      mkdir(folder, 0o755)
      #expect(
        TextFile.write(
          "[[rule]]\nname = \"65534 on np0: local\"\nuser = \"1\"\ninterface = \"np0\"\n"
            + "ethertypes = [\"local\"]\nrights = [\"read\"]\n", to: "\(folder)/10-own.toml"))
      let refused = try lab.ctl(
        "policy", "add", "--config", lab.configurationPath, "65534", "np0", "local")
      #expect(
        refused.exitCode == 1 && refused.errors.contains("removed again"), "\(refused.errors)")
      #expect(TextFile.names(in: folder) == ["10-own.toml"])
      #expect(try lab.ctl("policy", "test", lab.configurationPath).exitCode == 0)
      #expect(TextFile.write("x = 1\ny = 2\n", to: "\(folder)/10-own.toml"))
      let reload = try lab.ctl("reload")
      #expect(reload.errors.contains("1:1: unknown key x; "), "\(reload.errors)")
      #expect(!reload.errors.contains("\u{FFFD}"))
    }
  }

  @Test(
    "policy test names the interfaces that a binding would bind, by name, driver or alternative name",
    arguments: [
      #"interface = "np0""#, #"interface = "second-name-of-np0""#,
      #"interface = "np*"\ndriver = "veth""#,
    ])
  func matchesNow(keys: String) throws {
    try Lab.run(configuration: "# nothing\n") { lab in
      try lab.ip("link property add dev np0 altname second-name-of-np0")
      let path = lab.filePath("test.toml")
      #expect(
        TextFile.write(
          "[[binding]]\n\(keys.replacing("\\n", with: "\n"))\n", to: path))
      let words = [try Product.path("ndisprotctl"), "policy", "test", path]
      let outcome = try ChildProcess.run(lab.nearWords(words), errorPath: lab.filePath("test"))
      #expect(outcome.output.contains("; np0 matches now"), "\(outcome.output) \(outcome.errors)")
    }
  }

  @Test("policy add writes a rule that holds at once, shows it, and replaces none; test checks it")
  func policyAdd() throws {
    try Lab.run(configuration: "# nothing yet\n") { lab in
      defer {
        for name in TextFile.names(in: lab.directory + "/conf.d") {
          unlink("\(lab.directory)/conf.d/\(name)")
        }
        rmdir(lab.directory + "/conf.d")
      }
      let words = [
        "policy", "add", "--config", lab.configurationPath, "65534", "np0", "local", "--read",
        "--join",
      ]
      let added = try lab.ctl(words)
      #expect(added.exitCode == 0, "\(added.errors)")
      #expect(added.output.contains("conf.d/60-65534-np0-local.toml"))
      #expect(added.output.contains("rights = [\"read\", \"join\"]"))
      let group = "01:80:c2:00:00:0e"
      let joined = try lab.ctl(
        ["read", "np0", "--ethertype", "local", "--group", group, "--timeout", "0.1"], as: .allowed)
      #expect(joined.exitCode == 0, "\(joined.errors)")
      // The right join is about groups, and no other OID.
      let filter = try lab.ctl(["set", "np0", "current-packet-filter", "0xb"], as: .allowed)
      #expect(filter.exitCode == 6)
      let again = try lab.ctl(words)
      #expect(again.exitCode == 1 && again.errors.contains("File exists"))
      let checked = try lab.ctl("policy", "test", lab.configurationPath)
      #expect(checked.exitCode == 0)
      #expect(checked.output.hasPrefix("ok: 1 rule, 1 binding; "), "\(checked.output)")
      try lab.configure("[[rule]]\n")
      #expect(try lab.ctl("policy", "test", lab.configurationPath).exitCode == 65)
    }
  }

  @Test("started by root with --user, it is that user, has CAP_NET_RAW alone, and is believed")
  func otherUser() throws {
    try Lab.run(Lab.Options(startsDaemon: false)) { lab in
      let daemon = try Daemon(
        lab, ["--user", "nobody"],
        capabilities: "-all,+net_raw,+setuid,+setgid,+setpcap")
      try daemon.waitUntilReady()
      #expect(daemon.userID == 65_534)
      #expect(daemon.effectiveCapabilities == "0000000000002000")
      #expect(try lab.ctl("bindings", "--json").lines.count == 1)
      #expect(try lab.ctl(["bindings", "--json"], as: .allowed).lines.count == 1)
    }
  }

  @Test("without /proc the arguments count all the same", arguments: ["ndisprotd", "ndisprotctl"])
  func withoutProc(program: String) throws {
    let script = "mount -t tmpfs none /proc && exec \"$0\" --version"
    let outcome = try ChildProcess.run(
      ["unshare", "--mount", "sh", "-c", script, Product.path(program)],
      errorPath: Lab.temporaryPath("noproc"))
    unlink(Lab.temporaryPath("noproc"))
    #expect(outcome.exitCode == 0 && outcome.output.hasPrefix("0."))
  }

  @Test("output that cannot be written is a failure, and says so")
  func fullDisk() throws {
    let outcome = try ChildProcess.run(
      ["sh", "-c", "exec \"$0\" --version >/dev/full", Product.path("ndisprotctl")],
      errorPath: Lab.temporaryPath("full"))
    unlink(Lab.temporaryPath("full"))
    #expect(outcome.exitCode == 1 && outcome.errors.contains("No space left"))
  }
}
