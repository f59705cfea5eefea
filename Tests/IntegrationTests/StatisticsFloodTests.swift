import FoundationEssentials
import Glibc
import NDIS
import Testing

/// Counters cost more than any other answer: who asks for them all the time waits, and nobody else.
@Suite(
  "Floods of STATISTICS", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces, .needsSeveralUsers)
struct StatisticsFloodTests {
  private static let group = Policy.rule(
    "crowd", "\"0x888e\"", "\"read\", \"write\"", user: "group = \"\(User.group)\"")

  private func user(_ index: Int) -> User { .numbered(61_020 + index, groups: [User.group]) }

  @Test("threat T5: users take turns at the counters, however many sessions one of them has")
  func turns() throws {
    try Lab.run(configuration: Policy.text(Self.group)) { lab in
      let (flooder, other) = (lab.makeClient(as: user(0)), lab.makeClient(as: user(1)))
      let crowd = try (0..<40).map { _ in try flooder.connect() }
      let quiet = try other.connect()
      for session in crowd + [quiet] { try session.settle() }
      #expect(try lab.ctl("trace", "--on").exitCode == 0)
      // All have their questions waiting when the daemon wakes; the quiet one's came last.
      let (flood, asked) = try lab.daemon.whileStopped {
        let flood = try crowd.map { session in
          (session, try (0..<3).map { _ in try session.request("statistics") })
        }
        return (flood, try (0..<2).map { _ in try quiet.request("statistics") })
      }
      for id in asked { #expect(try quiet.reply(to: id).status == .success) }
      for (session, ids) in flood {
        for id in ids { #expect(try session.reply(to: id).status == .success) }
      }
      let outcome = try lab.ctl("--json", "trace", "--component", "control")
      let lines = try outcome.lines.map {
        try JSONDecoder().decode(TraceLine.self, from: Data($0.utf8))
      }
      let messages = lines.filter { $0.name == "message" && $0.values.last == 12 }
      let questions = Set(messages.map(\.question))
      #expect(questions.count == 122)
      let order = lines.filter { $0.name == "complete" && questions.contains($0.question) }
      #expect(order.count == 122)
      // The quiet one is the only session that asked twice.
      let last = try #require(order.lastIndex { $0.object == messages.owner(of: 2) })
      #expect(last < 16, "the quiet one's last answer was number \(last)")
      #expect(try lab.ctl("trace", "--off").exitCode == 0)
    }
  }

  @Test("threat T6: of the answers that a client does not read one is kept, and none is lost")
  func unread() throws {
    try Lab.run(configuration: Policy.text(Self.group)) { lab in
      let client = lab.makeClient(as: user(0))
      try client.gather(200, on: "np0", waitingFor: "nosuch")
      let lazy = try client.connect()
      let owner = try lab.makeClient(as: .owner).connect()
      let daemon = try lab.daemon
      let memory = daemon.memory
      let ids = try lazy.startStatistics(120)
      // Others are served as before, and each of the 120 answers has 100 KiB.
      let witness = try lab.makeClient(as: user(1)).connect()
      for _ in 0..<20 { #expect(try !witness.statistics().isEmpty) }
      #expect(daemon.memory <= memory + 6_144, "\(memory) KiB, then \(daemon.memory) KiB")
      let none = "\"name\":\"replies\",\"limitUsed\":0,"
      #expect(try !lab.ctl("--json", "stats", "--limits").output.contains(none))
      for id in ids { #expect(try lazy.reply(to: id).status == .success) }
      // Whoever leaves with questions unanswered leaves nothing behind.
      _ = try lazy.startStatistics(120)
      try lazy.disconnect()
      try eventually("the session is gone") {
        try owner.statistics().count { $0.kind == 3 } == 202
      }
      #expect(try lab.ctl("--json", "stats", "--limits").output.contains(none))
    }
  }

  @Test("threat T5: 1,000 sessions that ask for counters without end keep nobody else waiting")
  func crowd() throws {
    try Lab.run(configuration: Policy.text(Self.group)) { lab in
      let clients = (0..<4).map { lab.makeClient(as: user($0)) }
      for client in clients { try client.gather(240, on: "np0", waitingFor: "nosuch") }
      let idle = try lab.makeClient(as: user(4)).connect()
      let open = try lab.makeClient(as: user(4)).open()
      for client in clients { try client.beginInterrogation(each: 4) }
      var slowest = [UInt64](repeating: 0, count: 3)
      func time(_ index: Int, _ isRight: () throws -> Bool) throws {
        let start = Deadline.now
        let isRight = try isRight()
        #expect(isRight)
        slowest[index] = max(slowest[index], (Deadline.now - start) / 1_000_000)
      }
      for _ in 0..<10 {
        try time(0) { try idle.enumerate().status == .success }
        try time(1) { try open.write(Frame.outward()).status == .success }
        try time(2) { try !idle.statistics().isEmpty }
      }
      let answers = try clients.map { try $0.endInterrogation() }
      print("T5: ENUMERATE, WRITE, STATISTICS \(slowest) ms at most beside \(answers) answers")
      #expect(answers.allSatisfy { $0 > 0 })
    }
  }
}

private struct TraceLine: Decodable {
  let name: String
  let object: String?
  let values: [UInt64]

  /// The session and the number of its request.
  var question: String { "\(object ?? "") \(values.first ?? 0)" }
}

extension [TraceLine] {
  /// Who has so many of the lines.
  fileprivate func owner(of count: Int) -> String? {
    Dictionary(grouping: self, by: \.object).first { $0.value.count == count }?.key
  }
}
