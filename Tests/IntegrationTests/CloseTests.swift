import NDIS
import Testing

@Suite(
  "ndisprotctl close", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces, .needsSeveralUsers)
struct CloseTests {
  private static let (alice, bob) = (User.numbered(61_010), User.numbered(61_011))

  private static let configuration = Policy.text(
    Policy.rule("alice", "\"0x88b5\"", "\"read\", \"write\"", user: "user = \"61010\""),
    Policy.rule("bob", "\"0x88b5\"", "\"read\", \"write\"", user: "user = \"61011\""))

  @Test("one session ends by its number, on the thread of its interface, and no other")
  func session() throws {
    try Lab.run(configuration: Self.configuration) { lab in
      let (first, second) = (
        try lab.makeClient(as: Self.alice).open(types: [0x88B5]),
        try lab.makeClient(as: Self.alice).open(types: [0x88B5])
      )
      _ = try first.startRead()
      let watcher = try lab.makeClient(as: .owner).connect()
      let numbers = try watcher.statistics().filter {
        $0.kind == 3 && $0.name.hasPrefix("uid 61010")
      }
      #expect(numbers.count == 2)
      let number = try #require(numbers.map(\.id).min())
      let outcome = try lab.ctl("close", "\(number)")
      #expect(outcome.exitCode == 0 && outcome.output == "closed 1 session\n", "\(outcome.errors)")
      #expect(try first.closes())
      #expect(try second.write(Frame.outward(type: "88b5")).status == .success)
      try eventually("the records") {
        let daemon = try lab.daemon
        return daemon.auditLines("close").contains { $0["reason"] == "closed by an administrator" }
          && daemon.auditLines("administered").contains {
            $0["operation"] == "close session \(number)" && $0["uid"] == "0"
          }
      }
      // The number is not given again, so that no other session is meant by it.
      _ = try lab.makeClient(as: Self.alice).connect()
      let again = try lab.ctl("close", "\(number)")
      #expect(again.exitCode == 1)
      #expect(again.errors.contains("there is no session of \(number). See"), "\(again.errors)")
    }
  }

  @Test("all sessions of a user end, with an open or without, and the user may come again")
  func user() throws {
    try Lab.run(configuration: Self.configuration) { lab in
      let opened = try lab.makeClient(as: Self.alice).open(types: [0x88B5])
      let idle = try lab.makeClient(as: Self.alice).connect()
      let other = try lab.makeClient(as: Self.bob).open(types: [0x88B5])
      try idle.settle()
      let outcome = try lab.ctl("--json", "close", "--user", "61010")
      #expect(outcome.output == "{\"event\":\"closed\",\"count\":2}\n", "\(outcome.output)")
      #expect(try opened.closes() && idle.closes())
      #expect(try other.write(Frame.outward(type: "88b5")).status == .success)
      _ = try lab.makeClient(as: Self.alice).open(types: [0x88B5])
    }
  }

  @Test("--open-only ends what is open, refuses what is pended there, and leaves the session")
  func openOnly() throws {
    try Lab.run(configuration: Self.configuration) { lab in
      let session = try lab.makeClient(as: Self.alice).open(types: [0x88B5])
      let read = try session.startRead()
      let outcome = try lab.ctl("close", "--user", "61010", "--open-only")
      #expect(outcome.output == "closed 1 open\n", "\(outcome.errors)")
      #expect(try session.reply(to: read).status == .notPermitted)
      #expect(try session.open("np0", types: [0x88B5]).status == .success)
      #expect(try lab.ctl("close", "--user", "61011", "--open-only").exitCode == 1)
    }
  }

  @Test("only an administrator may, and neither a number 0 nor an unknown user is a target")
  func refused() throws {
    try Lab.run(configuration: Self.configuration) { lab in
      let session = try lab.makeClient(as: Self.alice).open(types: [0x88B5])
      let outcome = try lab.ctl(["close", "--user", "61010"], as: Self.bob)
      #expect(outcome.exitCode == 6)
      #expect(outcome.errors.contains("may close user 61010"), "\(outcome.errors)")
      #expect(try session.write(Frame.outward(type: "88b5")).status == .success)
      #expect(try lab.daemon.auditLines("denied").first?["uid"] == "61011")
      #expect(try lab.ctl("close", "0").exitCode == 64)
      #expect(try lab.ctl("close").exitCode == 64)
      #expect(try lab.ctl("close", "no-such-user").exitCode == 1)
    }
  }
}
