import Glibc

/// A program that a test runs; whoever drops it kills it, so nothing outlives the test.
///
/// Its standard input and output are one socket, its standard error is a file.
///
/// - Thread: the test's
final class ChildProcess {
  /// Where the kernel shows it.
  let processID: pid_t
  /// What it wrote to standard error is here.
  let errorPath: String
  private let socket: Int32
  private var unread: [UInt8] = []
  private var exitStatus: Int32?

  /// Starts a program found by `PATH`.
  init(_ words: [String], errorPath: String) throws {
    let child = try ChildProcess.spawn(words, errorPath: errorPath)
    processID = child.processID
    socket = child.socket
    self.errorPath = errorPath
  }

  deinit {
    if exitStatus == nil {
      kill(processID, SIGKILL)
      _ = waitForExit(options: 0)
    }
    close(socket)
  }

  /// Writes a line to its standard input.
  func writeLine(_ text: [UInt8]) throws {
    var rest = (text + [UInt8(ascii: "\n")])[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw LabError.ended(errorText) }
      rest = rest.dropFirst(count)
    }
  }

  /// Closes its standard input.
  func endInput() { shutdown(socket, Int32(SHUT_WR)) }

  /// The next line of its standard output; nil when it has closed it.
  func nextLine(within seconds: Double = patience) throws -> [UInt8]? {
    let deadline = Deadline(seconds: seconds)
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(unread[..<end])
        unread.removeFirst(end + 1)
        return line
      }
      guard try readMore(until: deadline) else { return nil }
    }
  }

  /// Everything it still writes, up to its end.
  func rest(within seconds: Double = 2 * patience) throws -> String {
    let deadline = Deadline(seconds: seconds)
    while try readMore(until: deadline) {}
    defer { unread.removeAll() }
    return String(decoding: unread, as: UTF8.self)
  }

  /// What it wrote to standard error so far.
  var errorText: String { TextFile.read(errorPath) ?? "" }

  /// Sends it a signal.
  func send(_ signal: Int32) {
    if exitStatus == nil { kill(processID, signal) }
  }

  /// Waits until it has ended.
  ///
  /// - Returns: the exit code, or 128 and the signal
  func exitCode(within seconds: Double = patience) throws -> Int32 {
    let deadline = Deadline(seconds: seconds)
    while exitStatus == nil {
      exitStatus = waitForExit(options: WNOHANG)
      if exitStatus != nil { break }
      guard !deadline.isOver else { throw LabError.timedOut("the end of \(processID)") }
      usleep(2_000)
    }
    return exitStatus ?? -1
  }

  /// Whether it has ended by now.
  func hasEnded() throws -> Bool {
    if exitStatus == nil { exitStatus = waitForExit(options: WNOHANG) }
    return exitStatus != nil
  }

  private func readMore(until deadline: Deadline) throws -> Bool {
    var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, deadline.milliseconds) > 0 else {
      throw LabError.timedOut("a line of \(processID): \(errorText)")
    }
    var room = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(socket, &room, room.count, 0)
    guard count > 0 else { return false }
    unread += room[..<count]
    return true
  }

  private func waitForExit(options: Int32) -> Int32? {
    var status: Int32 = 0
    guard waitpid(processID, &status, options) == processID else { return nil }
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
  }

  private static func spawn(
    _ words: [String], errorPath: String
  ) throws -> (processID: pid_t, socket: Int32) {
    var ends: [Int32] = [-1, -1]
    // Close-on-exec from the start: another test may be starting a program at this moment.
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw LabError.failed("socketpair") }
    defer { close(ends[1]) }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_APPEND, 0o644)

    // The threads of the tests block signals, and a program would inherit that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var mask = sigset_t()
    sigemptyset(&mask)
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for word in arguments { free(word) } }
    var processID: pid_t = 0
    let status = posix_spawnp(
      &processID, words.first ?? "", &actions, &attributes, &arguments, environ)
    guard status == 0 else {
      close(ends[0])
      throw LabError.failed("\(words.first ?? ""): \(String(cString: strerror(status)))")
    }
    return (processID, ends[0])
  }
}

extension ChildProcess {
  /// What a program that has ended left behind.
  struct Outcome {
    let exitCode: Int32
    let output: String
    let errors: String

    /// The lines of its standard output.
    var lines: [Substring] { output.split(separator: "\n") }
  }

  /// Runs a program to its end.
  static func run(_ words: [String], errorPath: String) throws -> Outcome {
    // As root this would take a device such as /dev/null from the machine.
    var status = stat()
    if lstat(errorPath, &status) == 0, status.st_mode & S_IFMT == S_IFREG { unlink(errorPath) }
    let child = try ChildProcess(words, errorPath: errorPath)
    child.endInput()
    let output = try child.rest()
    return Outcome(exitCode: try child.exitCode(), output: output, errors: child.errorText)
  }
}

extension ChildProcess {
  /// Seconds of processor time it has used.
  var processorSeconds: Double {
    let text = TextFile.read("/proc/\(processID)/stat") ?? ""
    // The program's name, which may hold spaces, ends at the last parenthesis.
    let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
    let ticks = fields.dropFirst(11).prefix(2).compactMap { Double($0) }.reduce(0, +)
    return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}
