import FoundationEssentials

/// A value in a command to a Python program.
enum Argument: Encodable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
  case number(Int)
  case text(String)
  case list([Argument])

  init(integerLiteral value: Int) { self = .number(value) }
  init(stringLiteral value: String) { self = .text(value) }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .list(let values): try container.encode(values)
    }
  }
}

/// One of the Python programs in `Peers`: a line of JSON in, a line of JSON out.
///
/// The program's text is given on its command line: a user who may not enter this directory can
/// run it all the same.
final class JSONProgram {
  private let process: ChildProcess

  /// Starts a program of `Peers` behind the words that bring it where it belongs.
  init(_ name: String, behind words: [String], argument: String, errorPath: String) throws {
    let path = "\(JSONProgram.directory)/\(name).py"
    guard let text = TextFile.read(path) else { throw LabError.failed("no \(path)") }
    process = try ChildProcess(
      words + [JSONProgram.interpreter, "-IS", "-c", text, argument], errorPath: errorPath)
  }

  /// Where the kernel shows it.
  var processID: Int32 { process.processID }

  /// Asks, and waits for the answer.
  func ask<Answer: Decodable>(
    _ command: String, _ arguments: [String: Argument] = [:], as type: Answer.Type = Answer.self
  ) throws -> Answer {
    try begin(command, arguments)
    return try answer(to: command)
  }

  /// Asks, and leaves the answer for `answer`.
  func begin(_ command: String, _ arguments: [String: Argument] = [:]) throws {
    var arguments = arguments
    arguments["do"] = .text(command)
    try process.writeLine([UInt8](JSONEncoder().encode(arguments)))
  }

  /// Waits for the answer to what was begun.
  func answer<Answer: Decodable>(
    to command: String, as type: Answer.Type = Answer.self
  ) throws -> Answer {
    // An answer may be behind several waits of the program's own, and take as long as a fault's
    // long form.
    let seconds = FaultForm.seconds(short: 4 * patience, long: 1_800)
    guard let line = try process.nextLine(within: seconds) else {
      throw LabError.ended(process.errorText)
    }
    do {
      return try JSONDecoder().decode(Answer.self, from: Data(line))
    } catch {
      throw LabError.failed("\(command): \(String(decoding: line, as: UTF8.self)): \(error)")
    }
  }

  /// Kills it where it stands.
  func kill() throws {
    process.send(9)
    _ = try process.exitCode()
  }

  /// Stops or continues it: SIGSTOP, SIGCONT.
  func send(_ signal: Int32) { process.send(signal) }

  /// Debian's own first: other users may not be able to run one of a home directory.
  private static let interpreter =
    TextFile.names(in: "/usr/bin").contains("python3") ? "/usr/bin/python3" : "python3"

  private static let directory: String = {
    var parts = #filePath.split(separator: "/").dropLast(2)
    parts.append("Peers")
    return "/" + parts.joined(separator: "/")
  }()
}

/// An answer without content.
struct Nothing: Decodable {}
