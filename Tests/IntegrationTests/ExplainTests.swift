import NDIS
import Testing

/// Users are found one after the other, perhaps by a slow directory service.
@Suite(
  "Places of explain", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces, .needsSeveralUsers)
struct ExplainTests {
  private static let group = Policy.rule(
    "crowd", "\"0x888e\"", "\"read\", \"write\"", user: "group = \"\(User.group)\"")

  private func user(_ index: Int) -> User { .numbered(61_020 + index, groups: [User.group]) }

  @Test("threat T5: whoever asks on many sessions takes no place of others, and none of root's")
  func places() throws {
    try Lab.run(configuration: Policy.text(Self.group)) { lab in
      let askers = [user(0), user(1), .owner].map { lab.makeClient(as: $0) }
      let numbers = ["61020", "61021", "0"]
      let sessions = try askers.map { asker in try (0..<9).map { _ in try asker.connect() } }
      for session in sessions.joined() { try session.settle() }
      let daemon = try lab.daemon
      // All have asked when the daemon wakes: it sees them in one turn, before any is answered.
      let asked = try daemon.whileStopped {
        try zip(numbers, sessions).map { number, sessions in
          try sessions.map { ($0, try $0.explain(number)) }
        }
      }
      let granted = try asked.map { questions in
        try questions.map { session, id in try session.reply(to: id).status }
      }
      for crowd in granted.dropLast() {
        #expect(crowd.count { $0 == .success } == 4, "\(crowd)")
        #expect(crowd.count { $0 == .tooManyRequests } == 5, "\(crowd)")
      }
      #expect(granted[2].allSatisfy { $0 == .success }, "\(granted[2])")
      // The places are free again.
      for (number, sessions) in zip(numbers, sessions) {
        for session in sessions {
          #expect(try session.reply(to: session.explain(number)).status == .success)
        }
      }
    }
  }
}

extension ControlSession {
  /// Asks which rule decides about EAPOL frames of a user on the test's interface.
  fileprivate func explain(_ user: String) throws -> Int {
    try request("explain", ["user": .text(user), "binding": "np0", "type": 0x888E])
  }
}
