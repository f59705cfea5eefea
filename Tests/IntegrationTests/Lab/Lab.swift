import Glibc
import NDIS
import Testing

/// Network namespaces with cables between them, the real daemon at one end, and who talks to it.
///
/// Everything is the lab's own and gone with it: a namespace lives as long as its holder, and the
/// holder as long as this process keeps its standard input open. No interface of the machine is
/// ever near.
///
/// - Shape: `clients ⇄ ndisprotd ⇄ np0 ═ np1 ⇄ Peers/wire.py`, the next cable `np2 ═ np3`
/// - Thread: one at a time
final class Lab: @unchecked Sendable {  // Suites that share one are serialized.
  /// What a test wants to find.
  struct Options {
    var cables = 1
    /// Commands of `ip` in the daemon's namespace, before the daemon starts.
    var preparation: [String] = []
    /// Whether the daemon is started, with `arguments`.
    var startsDaemon = true
    var interfaces = ["np0"]
    var arguments: [String] = []
    /// The text of its configuration file; without one the options say it all.
    var configuration: String?
    /// Words that run the daemon: `prlimit …`, `strace …`.
    var launcher: [String] = []
    /// Whether every frame that the daemon sent goes over the wire, and none but those (law D5).
    var ownsWire = true
  }

  /// A directory that everybody may enter.
  let directory: String
  private let near: ChildProcess
  private let far: ChildProcess
  private let options: Options
  private var runningDaemon: Daemon?
  private var idle: Daemon.Resources?
  private var clients: [ControlClient] = []
  private var commands: [ChildProcess] = []
  private var fileCount = 0

  init(_ options: Options = Options()) throws {
    self.options = options
    directory = try Lab.makeDirectory()
    near = try Lab.makeNamespace("\(directory)/near.err")
    far = try Lab.makeNamespace("\(directory)/far.err")
    for index in 0..<options.cables { try layCable(index) }
    for words in options.preparation { try ip(words) }
    if let text = options.configuration { try configure(text) }
    if options.startsDaemon {
      try Daemon(
        self, interfaces: options.interfaces, options.arguments,
        configuration: options.configuration == nil ? nil : configurationPath,
        launcher: options.launcher
      ).waitUntilReady()
    }
  }

  /// A daemon is ready: at the end it is judged, if it still runs, and stopped.
  func isServed(by daemon: Daemon) {
    runningDaemon = daemon
    idle = daemon.resources
  }

  /// What must hold when a test is over and the daemon still runs: laws D1 to D7.
  ///
  /// Every client of the lab is killed on the way.
  func checkConservation() throws {
    guard let daemon = runningDaemon, !daemon.hasEnded, let idle else { return }
    let laws = ConservationLaws(self)
    try laws.check("with its clients", wire: false)
    for client in clients { try client.kill() }
    for command in commands {
      command.send(SIGKILL)
      _ = try command.exitCode()
    }
    try laws.check("without clients", wire: options.ownsWire)
    try eventually("law D7: \(idle) again, not \(daemon.resources)") {
      daemon.resources.areWithin(idle)
    }
  }

  /// Stops the daemon, if it still runs, and says how it ended.
  func end() throws -> Int32 {
    defer {
      for name in TextFile.names(in: directory) { unlink("\(directory)/\(name)") }
      rmdir(directory)
    }
    // A test that ended it has looked at how that went.
    guard let runningDaemon, !runningDaemon.isEndKnown else { return 0 }
    return try runningDaemon.stop()
  }

  /// The daemon that was ready last.
  var daemon: Daemon {
    get throws {
      guard let runningDaemon else { throw LabError.failed("this lab has no daemon") }
      return runningDaemon
    }
  }

  /// Where the daemon listens.
  var socketPath: String { "\(directory)/socket" }

  /// The daemon's configuration, if it has one.
  var configurationPath: String { "\(directory)/ndisprotd.toml" }

  /// Writes the daemon's configuration; it is read at its start, and at a reload.
  func configure(_ text: String) throws {
    // In one step, as every careful editor does it: a reload reads the one text or the other.
    let draft = filePath("draft")
    guard TextFile.write(text, to: draft), chmod(draft, 0o644) == 0,
      rename(draft, configurationPath) == 0
    else { throw LabError.failed("cannot write \(configurationPath)") }
  }

  /// The words that run a command in the daemon's namespace.
  func nearWords(_ words: [String]) -> [String] {
    ["nsenter", "--net=/proc/\(near.processID)/ns/net"] + words
  }

  /// The words that run a command at the far end.
  func farWords(_ words: [String]) -> [String] {
    ["nsenter", "--net=/proc/\(far.processID)/ns/net"] + words
  }

  /// A new file beside the socket.
  func filePath(_ name: String) -> String {
    fileCount += 1
    return "\(directory)/\(name).\(fileCount)"
  }

  /// Runs `ip` in the daemon's namespace.
  func ip(_ arguments: String) throws {
    try Lab.succeed(nearWords(["ip"] + arguments.split(separator: " ").map(String.init)), in: self)
  }

  /// Moves an interface of the daemon's to the far end.
  func sendAway(_ interface: String) throws {
    try ip("link set \(interface) netns \(far.processID)")
  }

  /// Moves an interface that was sent away back.
  func takeBack(_ interface: String) throws {
    try farIP("link set \(interface) netns \(near.processID)")
  }

  /// Runs many commands of `ip` in the daemon's namespace, in one program.
  func ipBatch(_ lines: [String]) throws {
    let path = filePath("batch")
    guard TextFile.write(lines.joined(separator: "\n") + "\n", to: path) else {
      throw LabError.failed("cannot write \(path)")
    }
    try Lab.succeed(nearWords(["ip", "-batch", path]), in: self)
  }

  /// Runs `tc` in the daemon's namespace.
  func tc(_ arguments: String) throws {
    try Lab.succeed(nearWords(["tc"] + arguments.split(separator: " ").map(String.init)), in: self)
  }

  /// Runs `ip` at the far end.
  func farIP(_ arguments: String) throws {
    try Lab.succeed(farWords(["ip"] + arguments.split(separator: " ").map(String.init)), in: self)
  }

  /// The far end of `np0`.
  lazy var peer: WirePeer = makePeer("np1")

  /// A raw socket on an interface of the far end.
  func makePeer(_ interface: String) -> WirePeer {
    do {
      let program = try JSONProgram(
        "wire", behind: farWords([]), argument: interface, errorPath: filePath("wire"))
      // Its socket is bound when it has answered once.
      let _: Nothing = try program.ask("address")
      return WirePeer(program)
    } catch {
      Issue.record("the far end of \(interface) cannot be watched: \(error)")
      preconditionFailure("no test can go on without its far end: \(error)")
    }
  }

  /// A program without any right, of a user that the daemon allows.
  lazy var client: ControlClient = makeClient()

  /// A program of a user, without any capability.
  func makeClient(as user: User = .allowed) -> ControlClient {
    do {
      let client = ControlClient(
        try JSONProgram(
          "control", behind: user.words, argument: socketPath, errorPath: filePath("control")))
      clients.append(client)
      return client
    } catch {
      Issue.record("no client can be started: \(error)")
      preconditionFailure("no test can go on without a client: \(error)")
    }
  }

  /// Runs `ndisprotctl` to its end, without any capability.
  func ctl(_ arguments: String...) throws -> ChildProcess.Outcome { try ctl(arguments) }

  /// Runs `ndisprotctl` to its end, without any capability.
  func ctl(_ arguments: [String], as user: User = .owner) throws -> ChildProcess.Outcome {
    try ChildProcess.run(ctlWords(arguments, user), errorPath: filePath("ctl"))
  }

  /// Starts `ndisprotctl`.
  func startCtl(_ arguments: String...) throws -> ChildProcess { try startCtl(arguments) }

  /// The same.
  func startCtl(_ arguments: [String]) throws -> ChildProcess {
    let command = try ChildProcess(ctlWords(arguments, .owner), errorPath: filePath("ctl"))
    commands.append(command)
    return command
  }

  private func ctlWords(_ arguments: [String], _ user: User) -> [String] {
    user.words
      + [try? Product.path("ndisprotctl"), "--socket", socketPath]
      .compactMap(\.self) + arguments
  }
}

extension Lab {
  /// Runs a test in a lab of its own; the daemon must end with 0 when it is told to.
  static func run(_ options: Options = Options(), _ body: (Lab) throws -> Void) throws {
    let lab = try Lab(options)
    let result = Result {
      try body(lab)
      try lab.checkConservation()
    }
    let daemon = try? lab.daemon
    let status = Result { try lab.end() }
    let log = daemon?.log ?? ""
    if case .failure = result { print("ndisprotd said:\n\(log)") }
    try result.get()
    #expect(try status.get() == 0, "ndisprotd did not end as it should")
    #expect(!log.contains("framework: "), "the framework reported a fault:\n\(log)")
  }

  /// Two interfaces of the daemon, `np0` and `np2`.
  static let twoCables = Options(cables: 2, interfaces: ["np0", "np2"])

  private static func succeed(_ words: [String], in lab: Lab) throws {
    let outcome = try ChildProcess.run(words, errorPath: lab.filePath("step"))
    guard outcome.exitCode == 0 else {
      throw LabError.failed("\(words.joined(separator: " ")): \(outcome.errors)")
    }
  }

  private static var temporaryFolder: String {
    getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
  }

  /// A name of this run's own for a file outside of a lab's folder; the test removes the file.
  static func temporaryPath(_ name: String) -> String {
    "\(temporaryFolder)/ndisprot-\(name)-\(getpid())"
  }

  private static func makeDirectory() throws -> String {
    let parent = temporaryFolder
    var name = Array("\(parent)/ndisprot-test-XXXXXX".utf8CString)
    guard mkdtemp(&name) != nil else { throw LabError.failed("mkdtemp in \(parent)") }
    let path = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    chmod(path, 0o755)
    return path
  }

  private static func makeNamespace(_ errorPath: String) throws -> ChildProcess {
    // Without IPv6 the kernel puts nothing on the wire by itself.
    let script = """
      for file in /proc/sys/net/ipv6/conf/*/disable_ipv6; do
        if [ -e "$file" ]; then echo 1 >"$file"; fi
      done
      ip link set lo up && echo ready && exec cat
      """
    let holder = try ChildProcess(["unshare", "-n", "sh", "-c", script], errorPath: errorPath)
    guard try holder.nextLine() == Array("ready".utf8) else {
      throw LabError.failed("unshare -n: \(holder.errorText)")
    }
    return holder
  }

  /// Joins two new interfaces, one of the daemon's and one of the far end.
  ///
  /// - Parameters:
  ///   - index: which cable
  ///   - interfaceIndex: the kernel's number of the daemon's end; nil is any
  /// - Throws: `LabError` if `ip` refuses
  func layCable(_ index: Int, interfaceIndex: Int? = nil) throws {
    let (here, there) = ("np\(2 * index)", "np\(2 * index + 1)")
    let octets = (1...2).map { String(2 * index + $0, radix: 16) }
    try ip(
      "link add \(here)\(interfaceIndex.map { " index \($0)" } ?? "") address 02:00:00:00:00:\(octets[0]) type veth "
        + "peer name \(there) address 02:00:00:00:00:\(octets[1]) netns \(far.processID)")
    try ip("link set \(here) up")
    try farIP("link set \(there) up")
  }
}
