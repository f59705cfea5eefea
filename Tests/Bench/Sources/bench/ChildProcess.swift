internal import Glibc

/// A program that the bench runs: its lines, its end, and what CPU time it took.
///
/// Whoever drops a child that still runs kills it: nothing outlives the bench.
///
/// - Thread: one; the bench has no other.
final class ChildProcess {
  /// The words that started it; the last part of the first is its name in messages.
  let arguments: [String]
  /// The file that its standard error goes to.
  let errorPath: String
  private let processID: pid_t
  private let output: Int32
  private var unread: [UInt8] = []
  private var ended: Ending?

  /// How a child ended.
  struct Ending: Equatable {
    /// The exit code, or 128 and the signal.
    let exitCode: Int32
    /// User and system time of its whole life.
    let cpuSeconds: Double
  }

  /// Starts a program found by `PATH`.
  init(_ arguments: [String], errorPath: String) throws(BenchError) {
    let child = try Self.spawn(arguments, errorPath: errorPath)
    self.arguments = arguments
    self.errorPath = errorPath
    processID = child.processID
    output = child.output
  }

  deinit {
    if ended == nil {
      kill(processID, SIGKILL)
      _ = try? Self.waitForEnd(of: processID, blocking: true)
    }
    close(output)
  }

  /// The program at the end of a chain of `taskset`, `setpriv` and `ip netns exec`.
  var name: String { Self.name(of: arguments) }

  /// CPU time so far, to the nanosecond that the kernel keeps.
  var cpuSeconds: Double { ended?.cpuSeconds ?? Self.cpuSeconds(of: processID) }

  /// Where the kernel shows this process.
  var procPath: String { "/proc/\(processID)" }

  /// The next line of its standard output; nil when it has closed it.
  func nextLine(within seconds: Double, waitingFor what: String) throws(BenchError) -> String? {
    let deadline = MonotonicTime.now + seconds
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: unread[..<end], as: UTF8.self)
        unread.removeFirst(end + 1)
        return line
      }
      guard let bytes = Self.read(output, until: deadline) else {
        throw .timedOut(program: name, waitingFor: what, seconds: seconds)
      }
      if bytes.isEmpty { return nil }
      unread += bytes
    }
  }

  /// Sends it a signal.
  func send(_ signal: Int32) {
    if ended == nil { kill(processID, signal) }
  }

  /// Whether it has ended by now.
  var hasEnded: Bool {
    if ended == nil { ended = try? Self.waitForEnd(of: processID, blocking: false) }
    return ended != nil
  }

  /// Waits until it has ended, and reaps it.
  ///
  /// - Throws: `BenchError.timedOut`; the child is then killed.
  @discardableResult
  func end(within seconds: Double) throws(BenchError) -> Ending {
    if let ended { return ended }
    let deadline = MonotonicTime.now + seconds
    while MonotonicTime.now < deadline {
      if let ending = try Self.waitForEnd(of: processID, blocking: false) {
        ended = ending
        return ending
      }
      usleep(2_000)
    }
    kill(processID, SIGKILL)
    ended = try Self.waitForEnd(of: processID, blocking: true)
    throw .timedOut(program: name, waitingFor: "end", seconds: seconds)
  }

  /// Waits for the end and throws unless it was a success.
  func succeed(within seconds: Double) throws(BenchError) {
    let exitCode = try end(within: seconds).exitCode
    if exitCode != 0 {
      throw .failed(program: name, exitCode: exitCode, lastWords: lastWords)
    }
  }

  /// The last line that it wrote to standard error.
  var lastWords: String {
    let lines = TextFile.read(errorPath)?.split(separator: "\n") ?? []
    return lines.last.map(String.init) ?? ""
  }

  /// Runs a short program to its successful end.
  static func run(_ arguments: [String], errorPath: String) throws(BenchError) {
    try ChildProcess(arguments, errorPath: errorPath).succeed(within: 10)
  }

  private static func name(of arguments: [String]) -> String {
    let programs = ["peer", "ndisprotd", "ndisprotctl", "benchclient"]
    let names = arguments.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    return names.first(where: programs.contains) ?? names.first ?? ""
  }
}
