import NDIS
import Testing

/// Clients that do all they should not, at random, beside honest ones.
@Suite(
  "A storm of hostile clients", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces, .needsSeveralUsers)
struct StormTests {
  private static let names = [61_060, 61_061, 61_062]

  private static func rule(_ user: Int, _ type: String) -> String {
    Policy.rule(
      "user \(user)", "\"\(type)\"", "\"read\", \"write\"", user: "user = \"\(user)\"")
  }

  @Test(
    "what every hostile client may do at random costs honest ones neither an answer nor their order, and leaves nothing"
  )
  func storm() throws {
    let rules = Self.names.dropLast().map { Self.rule($0, "0x88b5") }.joined()
    let configuration = Policy.text(
      rules, Self.rule(61_070, "0x88b6"), Self.rule(61_071, "0x88b6"), interface: "np*")
    try Lab.run(configuration: configuration, cables: 2) { lab in
      try lab.ip("link set np2 down")
      let daemon = try lab.daemon
      let quiet = try lab.makeClient(as: .numbered(61_070)).honest("np0", seconds: 2)
      #expect(quiet.problem.isEmpty && quiet.rounds > 20, "\(quiet)")
      // What hostile clients touch for the first time stays resident.
      try rage(lab, seconds: 3)
      try settle(lab)
      let (before, memory) = (daemon.resources, daemon.memory)
      let seconds = FaultForm.seconds(short: 12, long: 600)
      let busy = try rage(lab, seconds: seconds)
      print("storm: 99 of 100 rounds within \(busy.slow) ms, \(quiet.slow) ms before")
      #expect(busy.slow <= max(10 * quiet.slow, 100))
      try settle(lab)
      try eventually("\(before) again: \(daemon.resources)") {
        daemon.resources.areWithin(before)
      }
      #expect(daemon.memory <= memory + 8_192, "\(memory) KiB, then \(daemon.memory) KiB")
    }
  }

  /// Three hostile users, one of them a stranger, beside two honest ones.
  ///
  /// - Returns: what one honest client saw
  @discardableResult
  private func rage(_ lab: Lab, seconds: Double) throws -> ControlClient.Honest {
    let hostile = Self.names.map { lab.makeClient(as: .numbered($0)) }
    for (index, client) in hostile.enumerated() {
      try client.startStorm(seed: index, on: "np0", down: "np2")
    }
    let second = lab.makeClient(as: .numbered(61_071))
    let first = try lab.makeClient(as: .numbered(61_070)).honest("np0", seconds: seconds / 2)
    let last = try second.honest("np0", seconds: seconds / 2)
    for client in hostile {
      let storm = try client.endStorm()
      #expect(storm.problem.isEmpty, "\(storm)")
      #expect(storm.deeds.values.reduce(0, +) > 20, "\(storm)")
      try client.kill()
    }
    for outcome in [first, last] {
      #expect(outcome.problem.isEmpty && outcome.rounds > 20, "\(outcome)")
    }
    return first.slow > last.slow ? first : last
  }

  /// Every budget is as it was: nothing is charged but the session that asks.
  private func settle(_ lab: Lab) throws {
    try eventually("every budget is free again") {
      let lines = try lab.ctl("--json", "stats", "--limits").output.split(separator: "\n")
      return lines.allSatisfy { line in
        line.contains("\"name\":\"sessions\",\"limitUsed\":1,") || line.contains("-rings")
          || line.contains("\"limitUsed\":0,")
      } && lines.count > 4
    }
  }
}

extension ControlClient {
  /// What an honest client saw.
  struct Honest: Decodable {
    let rounds: Int
    /// Milliseconds within which 99 of 100 rounds were answered.
    let slow: Double
    /// What was wrong; empty if nothing.
    let problem: String
  }

  /// What a hostile client did.
  struct Storm: Decodable {
    let deeds: [String: Int]
    let problem: String
  }

  /// Writes, reads and lists for a while, and checks each answer.
  func honest(_ interface: String, seconds: Double) throws -> Honest {
    try program.ask("honest", ["name": .text(interface), "seconds": .number(Int(seconds))])
  }

  /// Begins to do what no client should.
  func startStorm(seed: Int, on interface: String, down: String) throws {
    let _: Nothing = try program.ask(
      "misbehave", ["seed": .number(seed), "name": .text(interface), "down": .text(down)])
  }

  /// Ends it.
  func endStorm() throws -> Storm { try program.ask("stormed") }
}
