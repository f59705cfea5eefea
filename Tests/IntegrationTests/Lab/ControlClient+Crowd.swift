// Many sessions of one program at once.

extension ControlClient {
  /// Has the gathered sessions ask for counters, `each` at a time, until `endInterrogation`.
  func beginInterrogation(each: Int) throws {
    try program.begin("interrogate", ["each": .number(each)])
  }

  /// Ends that; how many answers they had.
  func endInterrogation() throws -> Int {
    try program.begin("enough")
    let answers = try program.answer(to: "interrogate", as: Interrogated.self).answers
    let _: Nothing = try program.answer(to: "enough")
    return answers
  }

  private struct Interrogated: Decodable { let answers: Int }

  /// What became of many that came.
  struct Swarm: Decodable {
    let served: Int
    /// Told that there is no room.
    let refused: Int
    /// How else a HELLO ended: -1 is no answer.
    let others: [Int]
  }

  /// Makes many sessions that stay.
  func swarm(_ count: Int) throws -> Swarm {
    try program.ask("swarm", ["count": .number(count)])
  }

  /// Lets those go.
  func disperse() throws { let _: Nothing = try program.ask("disperse") }

  /// Connects, asks once and leaves, many times.
  ///
  /// - Returns: how often that failed
  func visit(_ count: Int) throws -> Int { try visit(count, perSecond: 0).failures }

  /// The same, no faster than so many a second.
  func visit(_ count: Int, perSecond rate: Int) throws -> Visits {
    try program.ask("visits", ["count": .number(count), "rate": .number(rate)])
  }

  /// How visits went.
  struct Visits: Decodable {
    /// How many failed.
    let failures: Int
    /// How long it took to be let in: 99 of 100 were faster.
    let slowMilliseconds: Double
  }

  /// Writes on many sessions at once, as fast as each is answered, until each has that many answers.
  ///
  /// - Returns: the answers that each had
  func compete(_ count: Int, on interface: String, until least: Int) throws -> [Int] {
    try program.ask(
      "compete",
      ["count": .number(count), "name": .text(interface), "least": .number(least)],
      as: Competition.self
    ).answers
  }

  /// Makes many sessions that ask for all they can and read no answer.
  func attack(_ count: Int, on interface: String, reads: Int, writes: Int) throws {
    let _: Nothing = try program.ask(
      "hostile",
      [
        "count": .number(count), "name": .text(interface), "reads": .number(reads),
        "writes": .number(writes),
      ])
  }

  /// How the reads of the gathered sessions ended: errnos, a list for each.
  func told() throws -> [[Int]] { try program.ask("told", as: Told.self).outcomes }

  /// Makes the program another user's; it must have been started as root.
  func become(_ userID: Int) throws {
    let _: Nothing = try program.ask("become", ["uid": .number(userID)])
  }

  private struct Competition: Decodable { let answers: [Int] }
  private struct Told: Decodable { let outcomes: [[Int]] }
}
