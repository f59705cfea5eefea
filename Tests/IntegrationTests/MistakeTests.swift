import Glibc
import Testing

/// What people get wrong in their first hour, and what they read then: a cause, and what to do.
@Suite(
  "usual mistakes at the command line", .serialized, .timeLimit(.minutes(10)), .tags(.integration),
  .needsNamespaces)
struct MistakeTests {
  struct Mistake: CustomTestStringConvertible, Sendable {
    let words: String
    let exitCode: Int32
    /// Words that only the right sentence has: of the cause and of the remedy.
    let said: [String]
    var user = User.owner

    var testDescription: String { "ndisprotctl \(words)" }
  }

  static let mistakes = [
    Mistake(words: "", exitCode: 64, said: ["no subcommand", "SUBCOMMAND"]),
    Mistake(
      words: "raed np0", exitCode: 64,
      said: ["no subcommand 'raed'", "Did you mean 'ndisprotctl read'?"]),
    Mistake(
      words: "policy explian 0 np0 lldp", exitCode: 64, said: ["'explian'", "policy explain"]),
    Mistake(words: "read", exitCode: 64, said: ["<binding>", "eth0"]),
    Mistake(words: "read np00", exitCode: 4, said: ["no binding np00", "Did you mean np0?"]),
    Mistake(words: "read lo", exitCode: 4, said: ["loopback", "Name an Ethernet interface"]),
    Mistake(words: "read np2", exitCode: 4, said: ["np2 is there", "policy add USER np2"]),
    Mistake(
      words: "read np0 --ethertyp lldp", exitCode: 64,
      said: ["--ethertyp", "Did you mean '--ethertype'?"]),
    Mistake(
      words: "read np0 --ethertype lldpp", exitCode: 64, said: ["lldpp", "Did you mean lldp?"]),
    Mistake(words: "read np0 --ethertype 88cc", exitCode: 64, said: ["88cc", "0x0600 to 0xfffe"]),
    Mistake(words: "read np0 -n ten", exitCode: 64, said: ["ten", "a whole number"]),
    Mistake(words: "read np0 --timeout 5s", exitCode: 64, said: ["5s", "seconds such as 5"]),
    Mistake(
      words: "read np0 --group 02:00:00:00:00:01", exitCode: 64,
      said: ["one station", "first octet"]),
    Mistake(words: "read np0 -n 1 --timeout 0.3", exitCode: 7, said: ["timed out", "--timeout"]),
    Mistake(words: "write np0 --ethertype any", exitCode: 64, said: ["any", "such as 0x88b5"]),
    Mistake(
      words: "write np0 --ethertype lldp --ethertype eapol", exitCode: 64,
      said: ["one EtherType", "once"]),
    Mistake(
      words: "write np0 --src 02:00:00:00:00:99", exitCode: 1,
      said: ["source address", "--any-source"]),
    Mistake(
      words: "write np0 -n 1 -l 20000", exitCode: 1, said: ["1514 bytes", "-l 1514 or less"]),
    Mistake(
      words: "write np0 --payload /nonexistent", exitCode: 64,
      said: ["/nonexistent", "another one"]),
    Mistake(
      words: "write np0 --payload /etc", exitCode: 64,
      said: ["/etc cannot be read: Is a directory", "another one"]),
    Mistake(
      words: "write np0 --payload-hex 0x123", exitCode: 64, said: ["hexadecimal digits", "01a0ff"]),
    Mistake(
      words: "write np0 --frame-hex ffff", exitCode: 64, said: ["no whole header", "28 digits"]),
    Mistake(
      words: "query np0 linkstate", exitCode: 64, said: ["linkstate", "Did you mean link-state?"]),
    Mistake(
      words: "query np0 oid_gen_link_stat", exitCode: 64,
      said: ["oid_gen_link_stat", "Did you mean OID_GEN_LINK_STATE?"]),
    Mistake(
      words: "set np0 link-state up", exitCode: 64,
      said: ["OID_GEN_LINK_STATE cannot be set", "ndisprotctl oids"]),
    Mistake(
      words: "set np0 multicast-list zz", exitCode: 64, said: ["zz", "addresses joined by commas"]),
    Mistake(
      words: "set np0 current-address 02:00:00:00:00:09", exitCode: 1,
      said: ["cannot be set", "oids"]),
    Mistake(
      words: "wait np9 --timeout 0.2", exitCode: 7, said: ["timed out", "ndisprotctl bindings"]),
    Mistake(
      words: "policy explain no-such-user np0 lldp", exitCode: 1,
      said: ["no such user", "getent passwd"]),
    Mistake(
      words: "policy add 1000 a/b lldp", exitCode: 64,
      said: ["'a/b' cannot be the name of an interface"]),
    Mistake(
      words: "policy add 1000 @2 lldp", exitCode: 64, said: ["@2 is a number", "Write the name"]),
    Mistake(
      words: "policy add 1000 np0 0x8808", exitCode: 64, said: ["pause frames"]),
    Mistake(
      words: "policy add 4294967295 np0 lldp", exitCode: 1,
      said: ["there is no such user", "getent passwd"]),
    Mistake(
      words: "policy add no-such-user np0 lldp", exitCode: 1,
      said: ["no such user", "getent passwd"]),
    Mistake(
      words: "policy add :no-such-group np0 lldp", exitCode: 1,
      said: ["no such group", "getent group"]),
    Mistake(
      words: "policy add 1000 np0 lldp --config /ndisprotd.toml", exitCode: 6,
      said: ["/conf.d", "Run it as root"], user: .allowed),
    Mistake(
      words: "policy add 1000 np0 lldp --config /nonexistent/ndisprotd.toml", exitCode: 1,
      said: ["/nonexistent/conf.d cannot be written: mkdir: No such file", "with --config"]),
    Mistake(
      words: "read np0 --ethertype ipv4", exitCode: 6, said: ["no rule", "policy explain"],
      user: .stranger),
    Mistake(
      words: "pause np0", exitCode: 6, said: ["only root", "Run it as root"], user: .allowed),
    Mistake(
      words: "--socket /nonexistent bindings", exitCode: 3,
      said: ["no socket /nonexistent", "Start it"]),
    Mistake(
      words: "--socket /etc/passwd bindings", exitCode: 3,
      said: ["/etc/passwd is not the socket of ndisprotd", "--socket"]),
  ]

  @Test(
    "each says in one line what is wrong and what to do, and in an object with --json",
    .needsSeveralUsers, arguments: mistakes)
  func mistake(_ mistake: Mistake) throws {
    let rules = Policy.rule("eapol for all", "\"eapol\"", "\"read\", \"write\"")
    let options = Lab.Options(cables: 2, configuration: Policy.text(rules))
    try Lab.run(options) { lab in
      let words = mistake.words.split(separator: " ").map(String.init)
      let text = try lab.nearCtl(words, as: mistake.user)
      let lines = text.errors.split(separator: "\n")
      print("| `ndisprotctl \(mistake.words)` | \(text.exitCode) | \(lines.first ?? "") |")
      #expect(text.exitCode == mistake.exitCode, "\(text)")
      #expect(lines.count == 1 && lines[0].hasPrefix("ndisprotctl: "), "\(text.errors)")
      #expect(mistake.said.allSatisfy(text.errors.contains), "\(text.errors)")
      #expect(text.errors.contains(". ") || text.errors.contains("? "), "no remedy: \(text.errors)")

      let json = try lab.nearCtl(["--json"] + words, as: mistake.user)
      // A summary stands behind it.
      let object = try #require(
        json.output.split(separator: "\n").last { !$0.contains("\"event\":\"summary\"") })
      #expect(json.exitCode == mistake.exitCode && json.errors.isEmpty, "\(json)")
      #expect(object.hasPrefix("{\"event\":\"error\",") && object.contains("\"message\":\""))
    }
  }

  @Test(
    "both programs word usage errors alike",
    arguments: [
      ("--interfce np0", "Did you mean '--interface'?"),
      ("--profile fast", "Write one of 'latency', 'throughput' or 'realtime'"),
      ("--interface", "--interface <name>"),
      ("--allow alice", "Write a rule"),
    ])
  func daemon(_ words: String, _ said: String) throws {
    let path = Lab.temporaryPath("usage")
    let outcome = try ChildProcess.run(
      [try Product.path("ndisprotd")] + words.split(separator: " ").map(String.init),
      errorPath: path)
    unlink(path)
    #expect(outcome.exitCode == 64 && outcome.output.isEmpty, "\(outcome)")
    #expect(
      outcome.errors.hasPrefix("ndisprotd: usage: ") && outcome.errors.contains(said), "\(outcome)")
    #expect(outcome.errors.split(separator: "\n").count == 1)
  }
}

extension Lab {
  /// Runs `ndisprotctl` in the daemon's namespace, where its interfaces are.
  func nearCtl(_ words: [String], as user: User = .owner) throws -> ChildProcess.Outcome {
    let command =
      user.words + ["env", "NDISPROT_SOCKET=\(socketPath)", try Product.path("ndisprotctl")] + words
    return try ChildProcess.run(nearWords(command), errorPath: filePath("ctl"))
  }
}
