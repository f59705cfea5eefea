import NDIS

/// A program of some user with sessions to the daemon, played by `Peers/control.py`.
final class ControlClient {
  let program: JSONProgram
  private var sessionCount = 0

  init(_ program: JSONProgram) { self.program = program }

  /// Where the kernel shows it.
  var processID: Int32 { program.processID }

  /// A session that has said HELLO, with these feature bits.
  func connect(features: Int = 0) throws -> ControlSession {
    let session = try connectSilently()
    let hello = try session.reply(to: session.request("hello", ["features": .number(features)]))
    guard hello.status == .success else { throw LabError.failed("HELLO: \(hello)") }
    return session
  }

  /// A session that has said nothing yet.
  func connectSilently() throws -> ControlSession {
    sessionCount += 1
    let failure: Connected = try program.ask("connect", ["session": .number(sessionCount)])
    if let text = failure.failure { throw LabError.failed("connect: \(text)") }
    return ControlSession(program, number: sessionCount)
  }

  /// A session that has opened an interface, shared unless it says otherwise.
  func open(
    _ interface: String = "np0", mode: ControlSession.Mode = .shared,
    flags: ControlSession.OpenFlags = [], types: [Int] = [0x888E], queueBytes: Int = 0,
    features: Int = 0
  ) throws -> ControlSession {
    let session = try connect(features: features)
    let reply = try session.open(
      interface, mode: mode, flags: flags, types: types, queueBytes: queueBytes)
    guard reply.status == .success else { throw LabError.failed("OPEN: \(reply)") }
    return session
  }

  /// What `count` sessions hear that all ask OPEN_DEVICE at once.
  func race(_ count: Int, for interface: String) throws -> [UInt32] {
    try program.ask(
      "race", ["count": .number(count), "name": .text(interface)], as: Outcomes.self
    ).outcomes
  }

  /// Makes `count` sessions that have an interface open, each with two reads and a wait pended.
  func gather(_ count: Int, on interface: String, waitingFor name: String) throws {
    let _: Nothing = try program.ask(
      "crowd", ["count": .number(count), "name": .text(interface), "waitFor": .text(name)])
  }

  /// How the requests of those sessions ended once the daemon has hung up: errnos, a list for each.
  func dismissed() throws -> [[[Int]]] {
    try program.ask("dismissed", as: Endings.self).outcomes
  }

  /// Has `count` processes open an interface, pend a read, and be killed.
  func churn(_ count: Int, on interface: String) throws {
    let _: Nothing = try program.ask(
      "churn", ["count": .number(count), "name": .text(interface)])
  }

  /// Opens, reads and queries an interface on four sessions from now on.
  func startHammering(_ interface: String) throws {
    let _: Nothing = try program.ask("hammer", ["name": .text(interface)])
  }

  /// Ends that.
  func stopHammering() throws -> Hammering { try program.ask("hammered") }

  /// What four sessions met that asked all the while.
  struct Hammering: Decodable {
    let rounds: Int
    /// What the client could not understand; empty if nothing.
    let problem: String
  }

  /// Sends messages that are nearly right, or not at all, from sessions that are made anew when the
  /// daemon hangs up.
  func fuzz(_ count: Int, seed: Int) throws -> Fuzzing {
    try program.ask("fuzz", ["count": .number(count), "seed": .number(seed)])
  }

  /// What became of them.
  struct Fuzzing: Decodable {
    let answered: Int
    let closed: Int
    /// The messages, as hex, that had neither, or two answers.
    let wrong: [String]
  }

  /// What becomes of messages that no client should send, each on a session of its own.
  ///
  /// - Parameters:
  ///   - messages: the bytes of each, as hex
  ///   - interface: what the session opens first, if it is not empty
  /// - Returns: what became of each session
  /// - Throws: if the client program itself fails
  func probe(_ messages: [String], openFirst interface: String = "") throws -> [Fate] {
    try program.ask(
      "probe", ["messages": .list(messages.map(Argument.text)), "open": .text(interface)],
      as: Fates.self
    ).outcomes
  }

  /// What became of a message.
  enum Fate: String, Decodable {
    /// It had exactly one reply.
    case answered
    /// The daemon hung up.
    case closed
    /// Neither, for five seconds, or two replies.
    case silent
  }

  /// Runs clients that are killed in the middle of opening, reading or writing.
  func kills(_ count: Int, seed: Int) throws {
    let _: Nothing = try program.ask("kills", ["count": .number(count), "seed": .number(seed)])
  }

  /// What the kernel says of the program.
  func rights() throws -> Rights { try program.ask("rights") }

  /// Ends the program in the middle of whatever it does.
  func kill() throws { try program.kill() }

  /// Stops it, or lets it go on.
  func send(_ signal: Int32) { program.send(signal) }

  /// What a process may do.
  struct Rights: Decodable {
    /// CapEff of /proc/self/status, in hex.
    let effective: String
    let uid: UInt32
    /// The errno of an attempt to make a packet socket.
    let rawSocketErrno: Int32
  }

  private struct Connected: Decodable { let failure: String? }
  private struct Endings: Decodable { let outcomes: [[[Int]]] }
  private struct Outcomes: Decodable { let outcomes: [UInt32] }
  private struct Fates: Decodable { let outcomes: [Fate] }
}
