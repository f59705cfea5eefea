/// A program whose sessions open, read, write, set and leave at random, played by `Peers/storm.py`.
struct StormClients {
  private let program: JSONProgram

  /// Starts the program, without any session.
  init(_ lab: Lab) throws {
    program = try JSONProgram(
      "storm", behind: User.allowed.words, argument: lab.socketPath,
      errorPath: lab.filePath("storm"))
  }

  /// Makes the sessions and lets them go.
  func begin(seed: Int, sessions: Int, interfaces: [String]) throws {
    try ask(
      "begin",
      [
        "seed": .number(seed), "sessions": .number(sessions),
        "names": .list(interfaces.map(Argument.text)),
      ])
  }

  /// Lets them go on.
  func blow() throws { try ask("blow") }

  /// From now on they do nothing but read.
  func calm() throws { try ask("calm") }

  /// What they saw so far.
  func report() throws -> Report { try program.ask("report") }

  /// What the sessions of one program saw.
  struct Report: Decodable {
    /// Answers that should not have been, from the beginning.
    let problems: [String]
    /// Sessions for whose requests an answer is missing now: all but reads of an interface that is
    /// there.
    let unsettled: [String]
    let isRunning: Bool
    let opens: Int
    let frames: Int
  }

  /// Stops it where it is, or lets it go on: SIGSTOP, SIGCONT.
  func send(_ signal: Int32) { program.send(signal) }

  /// Ends it as a crash would.
  func kill() throws { try program.kill() }

  private func ask(_ command: String, _ arguments: [String: Argument] = [:]) throws {
    let answer: Failure = try program.ask(command, arguments)
    if let text = answer.failure { throw LabError.failed("\(command): \(text)") }
  }

  private struct Failure: Decodable { let failure: String? }
}
