import Glibc

/// A service manager that starts the daemon, played by `Peers/supervisor.py`.
///
/// - Shape: `READY=1 … WATCHDOG=1 … STOPPING=1` as lines, in the order they came
struct Supervisor {
  private let program: JSONProgram
  private let lab: Lab

  init(_ lab: Lab) throws {
    self.lab = lab
    program = try JSONProgram(
      "supervisor", behind: [], argument: lab.directory, errorPath: lab.filePath("supervisor"))
  }

  /// What the manager passes to the daemon and asks of it.
  struct Service {
    var sockets: [String] = ["seqpacket"]
    var names: String?
    var watchdogMicroseconds: Int?
    var hasJournal = false
    /// Whether LISTEN_PID is another process's.
    var isForAnother = false
    var arguments: [String] = []
    /// The rights it starts with, as setpriv takes them; nil leaves root all it has.
    var capabilities: String? = "-all,+net_raw"
  }

  /// Starts it in the daemon's namespace, on `np0`.
  func start(_ service: Service = Service()) throws {
    let rights =
      service.capabilities.map { ["setpriv", "--bounding-set=\($0)", "--inh-caps=\($0)"] } ?? []
    let options = ["--socket", lab.socketPath, "--interface", "np0"] + User.options
    let words =
      lab.nearWords(rights + [try Product.path("ndisprotd")] + options + service.arguments)
    var command: [String: Argument] = [
      "words": .list(words.map(Argument.text)),
      "sockets": .list(service.sockets.map(Argument.text)),
      "watchdog": .number(service.watchdogMicroseconds ?? 0),
      "journal": .number(service.hasJournal ? 1 : 0),
      "otherProcess": .number(service.isForAnother ? 1 : 0),
    ]
    if let names = service.names { command["names"] = .text(names) }
    try ask("start", command)
  }

  /// What the daemon told since the last question, up to a notice that begins so.
  func notices(until text: String) throws -> [String] {
    let told: Told = try program.ask("told", ["text": .text(text)])
    guard told.lines.contains(where: { $0.hasPrefix(text) }) else {
      throw LabError.failed(
        "the supervisor was not told \(text): \(told.lines), \(try standardError)")
    }
    return told.lines
  }

  /// How many notices begin so in that many seconds from now on.
  func count(of text: String, seconds: Int) throws -> Int {
    let counted: Counted = try program.ask(
      "silence", ["text": .text(text), "seconds": .number(seconds)])
    return counted.count
  }

  /// The entries that the journal got and nobody read yet.
  func journalEntries() throws -> [[String: String]] {
    try program.ask("entries", as: Entries.self).entries
  }

  /// Takes the journal away.
  func endJournal() throws { try ask("journalGoes") }

  /// Sends a signal.
  func send(_ signal: Int32) throws { try ask("send", ["number": .number(Int(signal))]) }

  /// Stops one thread of the daemon where it is.
  func hang(_ thread: String) throws { try ask("hang", ["name": .text(thread)]) }

  /// Lets it go on.
  func release(_ thread: String) throws { try ask("goOn", ["name": .text(thread)]) }

  /// What the kernel says of the rights of every thread.
  func threadStatus() throws -> [[String: String]] {
    try program.ask("status", as: Status.self).threads
  }

  /// What the daemon wrote to standard error.
  var standardError: String {
    get throws { try program.ask("wrote", as: Wrote.self).text }
  }

  /// Sends a signal, and waits for the exit code; it ends by itself if there is no signal.
  ///
  /// The conservation laws hold when it is told to end, if it serves the lab's own path.
  func end(_ signal: Int32? = SIGTERM, isAtLabPath: Bool = true) throws -> Int32 {
    if signal != nil, isAtLabPath {
      try ConservationLaws(lab).check("under its supervisor", wire: false)
    }
    return try program.ask("end", ["number": .number(Int(signal ?? 0))], as: Ended.self).code
  }

  private func ask(_ command: String, _ arguments: [String: Argument] = [:]) throws {
    let answer: Failure = try program.ask(command, arguments)
    if let text = answer.failure { throw LabError.failed("\(command): \(text)") }
  }

  private struct Failure: Decodable { let failure: String? }
  private struct Told: Decodable { let lines: [String] }
  private struct Counted: Decodable { let count: Int }
  private struct Entries: Decodable { let entries: [[String: String]] }
  private struct Status: Decodable { let threads: [[String: String]] }
  private struct Wrote: Decodable { let text: String }
  private struct Ended: Decodable { let code: Int32 }
}
