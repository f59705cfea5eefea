import NDIS
import Testing

/// A rule for an interface that is not there looks like a slip of the pen, and may be none.
@Suite(
  "Rules for interfaces that are not there yet", .serialized, .timeLimit(.minutes(15)),
  .tags(.integration), .needsNamespaces)
struct AbsentInterfaceTests {
  private static func rule(_ name: String, _ interface: String) -> String {
    Policy.rule(name, "\"0x888e\"", "\"read\"", interface: interface)
  }

  /// The rules that the log named, in order.
  private func named(_ lab: Lab) throws -> [String] {
    try lab.daemon.complaints.filter { $0.contains("for an interface that is not there yet") }
      .compactMap { $0.split(separator: "'").dropFirst().first.map(String.init) }
  }

  @Test("start and reload warn of the rule, its file and the remedy; it holds once one comes")
  func warning() throws {
    let text = Policy.text(Self.rule("here", "np0"), Self.rule("later", "np7"), interface: "np*")
    try Lab.run(configuration: text) { lab in
      try eventually("the warning: \(lab.daemon.log)") { try named(lab) == ["later"] }
      let line = try #require(try lab.daemon.complaints.first { $0.contains("'later'") })
      #expect(line.contains(".toml:") && line.contains("ip link shows those that are there"))
      // Told again when the file is read again, and nobody is refused for it.
      #expect(try lab.reload().exitCode == 0)
      try eventually("the second: \(lab.daemon.log)") { try named(lab) == ["later", "later"] }
      try lab.ip("link add np7 type veth peer name np8")
      try lab.ip("link set np7 up")
      try lab.ip("link set np8 up")
      try eventually("np7 is bound and the rule holds") {
        try lab.client.connect().open("np7").status == .success
      }
      #expect(try lab.reload(text + Self.rule("never", "zz*")).exitCode == 0)
      try eventually("no word of the one that is there: \(lab.daemon.log)") {
        try named(lab) == ["later", "later", "never"]
      }
    }
  }

  @Test("ten rules are named, the others counted")
  func many() throws {
    let rules = (1...13).map { Self.rule("absent \($0)", "zz\($0)") }.joined()
    try Lab.run(configuration: Policy.text(Self.rule("here", "np0") + rules)) { lab in
      try eventually("the sum: \(lab.daemon.log)") {
        try lab.daemon.complaints.contains {
          $0.contains("3 more rules are for interfaces not there yet")
        }
      }
      #expect(try named(lab) == (1...10).map { "absent \($0)" })
    }
  }
}
