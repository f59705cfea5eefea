import Glibc
import NDIS
import Testing

/// A refusal says which rule decided and which right is missing, to the client that is refused.
@Suite(
  "Reasons of refusals", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces, .needsSeveralUsers)
struct ReasonTests {
  private static func configuration(_ more: String = "") -> String {
    Policy.text(
      Policy.rule("reads", "\"0x88b5\"", "\"read\", \"set-oid\"", user: "user = \"61010\""),
      Policy.rule("writes", "\"0x88b5\"", "\"write\"", user: "user = \"61011\"", more: more))
  }

  /// What a user types, what it ends with, and the right that the cause names.
  private static let refusals: [(user: Int, words: String, exitCode: Int32, right: String)] = [
    (61_010, "write np0 --ethertype 0x88b5 -n 1", 1, "write"),
    (61_010, "read np0 --ethertype 0x88b5 --promiscuous --timeout 5", 6, "promiscuous"),
    (61_010, "read np0 --ethertype 0x88b5 --outgoing --timeout 5", 6, "all-frames"),
    (61_011, "read np0 --ethertype 0x88b5 -n 1 --timeout 5", 6, "read"),
    (61_011, "set np0 multicast-list 01:80:c2:00:00:0e", 6, "set-oid or join"),
    (61_011, "set np0 current-packet-filter 9", 6, "set-oid"),
  ]

  @Test("the reply names the rule, its place and the missing right, as text and as JSON")
  func rights() throws {
    try Lab.run(configuration: Self.configuration()) { lab in
      for (user, words, exitCode, right) in Self.refusals {
        let arguments = words.split(separator: " ").map(String.init)
        let text = try lab.ctl(arguments, as: .numbered(user))
        #expect(text.exitCode == exitCode, "\(words): \(text.errors)")
        let rule = user == 61_010 ? "reads" : "writes"
        #expect(text.errors.contains("rule '\(rule)' ("), "\(words): \(text.errors)")
        #expect(text.errors.contains("does not give \(right). "), "\(words): \(text.errors)")
        let json = try lab.ctl(["--json"] + arguments, as: .numbered(user))
        #expect(json.exitCode == exitCode)
        #expect(json.output.contains("\"reason\":\"rule '\(rule)' ("), "\(json.output)")
      }
    }
  }

  @Test("a quota that is used up is named, and so is a user without a rule")
  func quotaAndStranger() throws {
    try Lab.run(configuration: Self.configuration("opens = 1")) { lab in
      let holder = try lab.makeClient(as: .numbered(61_011)).open(types: [0x88B5])
      let second = try lab.ctl(
        ["write", "np0", "--ethertype", "0x88b5", "-n", "1"], as: .numbered(61_011))
      #expect(second.errors.contains("allows opens = 1, which is used up"), "\(second.errors)")
      try holder.settle()
      let stranger = try lab.ctl(["read", "np0", "--timeout", "5"], as: .stranger)
      #expect(stranger.exitCode == 6)
      #expect(stranger.errors.contains("no rule names "), "\(stranger.errors)")
    }
  }

  @Test("a stranger is told what daemon this is, what it may do itself, and nothing of others")
  func stranger() throws {
    try Lab.run(configuration: Self.configuration()) { lab in
      let status = try lab.ctl(["--json", "status"], as: .stranger)
      #expect(status.exitCode == 0, "\(status.errors)")
      #expect(status.output.contains("\"reloadFailed\":false"), "\(status.output)")
      #expect(try lab.reload("[[bindin]]\n").exitCode != 0)
      let failed = try lab.ctl(["--json", "status"], as: .stranger)
      #expect(failed.output.contains("\"reloadFailed\":true"), "\(failed.output)")
      #expect(!failed.output.contains("bindin'"), "\(failed.output)")
      #expect(!failed.output.contains("reloadRefusal"), "\(failed.output)")
      let own = try lab.ctl(["policy", "explain", "61000", "np0", "0x88b5"], as: .stranger)
      #expect(own.exitCode == 0 && own.output.contains("no rule"), "\(own.output + own.errors)")
      let other = try lab.ctl(["policy", "explain", "61010", "np0", "0x88b5"], as: .stranger)
      #expect(other.exitCode == 6 && !other.output.contains("reads"))
      let pause = try lab.ctl(["pause", "np0"], as: .numbered(61_010))
      #expect(pause.exitCode == 6)
      #expect(pause.errors.contains("may pause. Run it as root"), "\(pause.errors)")
    }
  }

  @Test("while the configuration is broken since the start, the status says so to every user")
  func broken() throws {
    try Lab.run(configuration: "[[bindin]]\n") { lab in
      let status = try lab.ctl(["--json", "status"], as: .stranger)
      #expect(status.exitCode == 0, "\(status.errors)")
      #expect(status.output.contains("\"misconfigured\":true,\"reloadFailed\":true"))
      let metrics = try lab.ctl("metrics")
      #expect(metrics.exitCode == 0, "\(metrics.errors)")
      #expect(metrics.output.contains("\nndisprot_last_reload_successful 0\n"))
      #expect(try lab.reload(Self.configuration()).exitCode == 0)
    }
  }

  @Test("a socket that a user may not connect to ends the program with 6")
  func closedSocket() throws {
    try Lab.run(configuration: Self.configuration()) { lab in
      #expect(chmod(lab.socketPath, 0o600) == 0)
      let outcome = try lab.ctl(["bindings"], as: .stranger)
      #expect(outcome.exitCode == 6, "\(outcome.errors)")
      #expect(outcome.errors.contains("may not use the socket"), "\(outcome.errors)")
    }
  }
}
