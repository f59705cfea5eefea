import Glibc

/// A running `ndisprotd` that has CAP_NET_RAW and nothing else.
final class Daemon {
  private let process: ChildProcess
  private unowned let lab: Lab
  /// Whether the test itself has ended it, or waited for its end.
  private(set) var isEndKnown = false

  /// Starts it in the daemon's namespace of a lab.
  init(
    _ lab: Lab, interfaces: [String] = ["np0"], _ arguments: [String] = [],
    configuration: String? = nil, socketPath: String? = nil,
    capabilities: String = "-all,+net_raw", launcher: [String] = []
  ) throws {
    self.lab = lab
    let rights = ["setpriv", "--bounding-set=\(capabilities)", "--inh-caps=\(capabilities)"]
    let socket = ["--socket", socketPath ?? lab.socketPath]
    let names = User.options + interfaces.flatMap { ["--interface", $0] }
    let options = socket + (configuration.map { ["--config", $0] } ?? names)
    process = try ChildProcess(
      lab.nearWords(launcher + rights + [try Product.path("ndisprotd")] + options + arguments),
      errorPath: lab.filePath("ndisprotd"))
  }

  /// Waits for the log line that says so.
  func waitUntilReady() throws {
    try eventually("ready: \(log)") { log.contains("ready: ") || hasEnded }
    if hasEnded { throw LabError.ended(log) }
    lab.isServed(by: self)
  }

  /// Everything it logged.
  var log: String { process.errorText }

  /// The lines of the log.
  var logLines: [Substring] { log.split(separator: "\n") }

  /// The lines of the log, but for those that account for who did what.
  var complaints: [Substring] { logLines.filter { !$0.hasPrefix("ndisprotd: audit: ") } }

  /// What one of its descriptors is, as /proc shows it; nil if it is closed.
  func target(ofDescriptor number: Int) -> String? {
    var room = [CChar](repeating: 0, count: 256)
    let count = readlink("/proc/\(process.processID)/fd/\(number)", &room, room.count)
    guard count > 0 else { return nil }
    return String(decoding: room.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Waits until it ends by itself.
  func exitCode() throws -> Int32 {
    isEndKnown = true
    return try process.exitCode()
  }

  /// Tells it to end, and waits.
  func stop() throws -> Int32 {
    isEndKnown = true
    process.send(SIGTERM)
    return try process.exitCode()
  }

  /// Kills it as a crash would.
  func kill() throws {
    isEndKnown = true
    process.send(SIGKILL)
    _ = try process.exitCode()
  }

  /// Open descriptors and threads, now.
  var resources: Resources {
    let tasks = "/proc/\(process.processID)/task"
    return Resources(
      descriptors: TextFile.names(in: "/proc/\(process.processID)/fd").count,
      threads: TextFile.names(in: tasks).compactMap {
        TextFile.read("\(tasks)/\($0)/comm")?.split(separator: "\n").joined()
      }
      .sorted())
  }

  /// The same once no helper of what came before is at work.
  func restingResources() throws -> Resources {
    var last = resources
    try eventually("no helper: \(last)") {
      last = resources
      return last.threads.allSatisfy { !["capture-helper", "closer"].contains($0) }
    }
    return last
  }

  /// How the kernel schedules a thread: its policy (0 is the usual, 1 SCHED_FIFO), its priority, and its
  /// processors as a list; nil if it is not there.
  func scheduling(of name: String) -> (policy: Int, priority: Int, processors: String)? {
    let tasks = "/proc/\(process.processID)/task"
    let thread = TextFile.names(in: tasks).first {
      TextFile.read("\(tasks)/\($0)/comm") == name + "\n"
    }
    guard let thread, let stat = TextFile.read("\(tasks)/\(thread)/stat"),
      let status = TextFile.read("\(tasks)/\(thread)/status")
    else { return nil }
    // Fields 40 and 41 of proc(5), the first two of which end at the last parenthesis.
    let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
    let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
    guard fields.count > 38, let priority = Int(fields[37]), let policy = Int(fields[38]),
      let processors = line?.split(separator: "\t").last
    else { return nil }
    return (policy, priority, String(processors))
  }

  /// Stops one of its threads until the result is let go of.
  func freeze(_ name: String) throws -> JSONProgram {
    let tasks = "/proc/\(process.processID)/task"
    let thread = TextFile.names(in: tasks).first {
      TextFile.read("\(tasks)/\($0)/comm") == name + "\n"
    }
    guard let thread else { throw LabError.failed("no thread \(name): \(resources.threads)") }
    let program = try JSONProgram(
      "freeze", behind: [], argument: thread, errorPath: lab.filePath("freeze"))
    let _: [String: Int] = try program.ask("freeze")
    return program
  }

  /// Seconds of processor time it has used.
  var processorSeconds: Double { process.processorSeconds }

  /// Messages about links that the kernel had no room for in the daemon's socket.
  ///
  /// Nobody else in its namespace hears of links.
  var lostLinkMessages: Int {
    // Protocol (0 is routing), port, groups (1 is links), …, drops.
    let path = "/proc/\(process.processID)/net/netlink"
    let rows = TextFile.read(path)?.split(separator: "\n").map { $0.split(separator: " ") } ?? []
    return rows.filter { $0.count > 8 && $0[1] == "0" && $0[3] == "00000001" }
      .compactMap { Int($0[8]) }.reduce(0, +)
  }

  /// Sends it a signal.
  func send(_ signal: Int32) { process.send(signal) }

  /// Stops it while `body` runs.
  ///
  /// A busy machine takes its time to stop the last of the threads; `body` runs when all stand.
  func whileStopped<R>(_ body: () throws -> R) throws -> R {
    process.send(SIGSTOP)
    defer { process.send(SIGCONT) }
    let tasks = "/proc/\(process.processID)/task"
    try eventually("a daemon that stands") {
      TextFile.names(in: tasks).allSatisfy { thread in
        let text = TextFile.read("\(tasks)/\(thread)/stat")
        return text?.split(separator: ")").last?.hasPrefix(" T") ?? true
      }
    }
    return try body()
  }

  /// The most memory that was ever resident, in KiB.
  var peakMemory: Int { status("VmHWM") }

  /// The memory that is resident now, in KiB.
  var memory: Int { status("VmRSS") }

  /// The user that it is.
  var userID: Int { status("Uid") }

  private func status(_ key: String) -> Int {
    let lines = TextFile.read("/proc/\(process.processID)/status")?.split(separator: "\n") ?? []
    let line = lines.first { $0.hasPrefix(key + ":") }
    return line?.split(whereSeparator: { " \t".contains($0) }).dropFirst().first.flatMap {
      Int($0)
    } ?? 0
  }

  /// The effective capabilities of the process, in hex.
  var effectiveCapabilities: String {
    let lines = TextFile.read("/proc/\(process.processID)/status")?.split(separator: "\n") ?? []
    let line = lines.first { $0.hasPrefix("CapEff:") }
    return String(line?.split(separator: "\t").last ?? "")
  }

  /// Whether it has.
  var hasEnded: Bool { (try? process.exitCode(within: 0)) != nil }

  /// What a leak would show in.
  struct Resources: Equatable {
    let descriptors: Int
    /// By their names.
    let threads: [String]

    /// Whether no more is in use than at another time (law D7).
    func areWithin(_ other: Resources) -> Bool {
      descriptors <= other.descriptors && threads.count <= other.threads.count
    }
  }

  /// Bytes of memory of its own, buffers and rings: what the allocator keeps is in it too.
  var memoryByteCount: Int {
    let lines = TextFile.read("/proc/\(process.processID)/status")?.split(separator: "\n") ?? []
    let line = lines.first { $0.hasPrefix("RssAnon:") }
    return 1_024 * (line?.split(separator: " ").dropLast().last.flatMap { Int($0) } ?? 0)
  }
}
