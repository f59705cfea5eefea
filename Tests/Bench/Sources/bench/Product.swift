internal import Glibc

/// What is measured: a daemon, and a client without privileges, as processes.
struct Product {
  let lab: Lab
  let daemonPath: String
  /// A copy in the lab: the client's user may not be able to enter the folder of the build.
  let clientPath: String
  let benchClientPath: String
  /// The folder of the Python module, and the program that measures it.
  let pythonModulePath: String
  let pythonProgramPath: String
  /// The program that measures the C library.
  let libraryProgramPath: String
  /// `nobody`.
  static let clientUserID = 65_534
  var socket: String { "\(lab.directory)/ndisprot.sock" }

  /// The peers' program, where every user may run it.
  var peerPath: String { "\(lab.directory)/peer" }
  /// The file of a daemon that is not told all by its command line.
  var configurationPath: String { "\(lab.directory)/ndisprotd.toml" }

  /// How the daemon captures.
  enum Profile: String, Sendable {
    case latency, throughput, realtime
  }

  init(
    lab: Lab, daemonPath: String, clientPath: String, benchClientPath: String,
    pythonModulePath: String, pythonProgramPath: String, libraryProgramPath: String
  ) throws(BenchError) {
    let programs = [
      ("ndisprotd", daemonPath), ("ndisprotctl", clientPath), ("benchclient", benchClientPath),
    ]
    for (name, path) in programs where unsafe access(path, X_OK) != 0 {
      throw .missing("no \(name) to measure: it is not built")
    }
    self.lab = lab
    self.daemonPath = daemonPath
    self.clientPath = "\(lab.directory)/ndisprotctl"
    self.pythonModulePath = pythonModulePath
    self.pythonProgramPath = pythonProgramPath
    self.libraryProgramPath = libraryProgramPath
    self.benchClientPath = "\(lab.directory)/benchclient"
    try ChildProcess.run(
      ["install", "-m", "755", clientPath, benchClientPath, lab.peer, lab.directory],
      errorPath: "\(lab.directory)/install")
  }

  /// Starts a daemon on the lab's interface, and waits until the interface is bound.
  ///
  /// With `allocations`, it runs under the preloaded library that counts them.
  func startDaemon(
    _ profile: Profile, core: Int?, preloading allocations: AllocationCounter? = nil
  ) throws(BenchError) -> ChildProcess {
    let preload = allocations.map { ["env"] + $0.environment } ?? []
    let client = lab.isMachineRoot ? ["--allow", "nobody"] : []
    let daemon = try launch(
      preload, ["--interface", Lab.interface, "--profile", profile.rawValue] + client, core: core)
    try waitUntilBound(daemon)
    return daemon
  }

  /// Starts a daemon on the lab's interface by a configuration, whose one rule gives every user all that
  /// the bench needs, and waits until the interface is bound.
  func startDaemon(
    _ profile: Profile, binding keys: String, core: Int?
  ) throws(BenchError) -> ChildProcess {
    let text = """
      [[binding]]
      interface = "\(Lab.interface)"
      profile = "\(profile.rawValue)"
      \(keys)
      [[rule]]
      name = "bench"
      everybody = true
      interface = "\(Lab.interface)"
      ethertypes = ["any"]
      rights = ["read", "write"]

      """
    try TextFile.write(text, to: configurationPath)
    let daemon = try launch([], ["--config", configurationPath], core: core)
    try waitUntilBound(daemon)
    return daemon
  }

  /// Starts a daemon that binds every interface of a crowd, without waiting for it.
  func startDaemonOnAll(_ crowd: InterfaceCrowd, core: Int) throws(BenchError) -> ChildProcess {
    let path = configurationPath
    try TextFile.write("[[binding]]\ninterface = \"*\"\n", to: path)
    return try launch(crowd.inside([]), ["--config", path], core: core)
  }

  /// Waits until a daemon says that it is ready.
  ///
  /// - Returns: when it was
  func waitUntilReady(_ daemon: ChildProcess, within seconds: Double) throws(BenchError) -> Double {
    let deadline = MonotonicTime.now + seconds
    while TextFile.read(daemon.errorPath)?.contains("ready: ") != true {
      if daemon.hasEnded {
        let exitCode = try daemon.end(within: 1).exitCode
        throw .failed(program: daemon.name, exitCode: exitCode, lastWords: daemon.lastWords)
      }
      guard MonotonicTime.now < deadline else {
        throw .timedOut(program: daemon.name, waitingFor: "ready", seconds: seconds)
      }
      usleep(500)
    }
    return MonotonicTime.now
  }

  func launch(
    _ front: [String], _ arguments: [String], core: Int?
  ) throws(BenchError) -> ChildProcess {
    unsafe unlink(socket)
    return try lab.start(
      Self.place(core) + front + [daemonPath, "--socket", socket] + arguments,
      name: "ndisprotd")
  }

  /// The words that keep a program on a core; none for nil, where the kernel decides.
  static func place(_ core: Int?) -> [String] { core.map { ["taskset", "-c", String($0)] } ?? [] }

  /// Ends a daemon as its service manager would.
  func stop(_ daemon: ChildProcess) throws(BenchError) {
    daemon.send(SIGTERM)
    try daemon.succeed(within: 6)
  }

  /// Starts `ndisprotctl --json` as a user without any capability.
  func startClient(_ arguments: [String], core: Int?) throws(BenchError) -> ChildProcess {
    try startUnprivileged([clientPath, "--socket", socket, "--json"] + arguments, core: core)
  }

  /// Starts the client of `Tests/Bench/libraries` in one of its roles, as a user without any
  /// capability.
  func startBenchClient(
    _ role: String, _ arguments: [String] = [], core: Int
  ) throws(BenchError) -> ChildProcess {
    try startUnprivileged(
      [benchClientPath, role, socket, Lab.interface] + arguments, core: core)
  }

  /// The same as whoever runs the bench: whose daemon it is, and who has no limit on sessions.
  func startOwnBenchClient(
    _ role: String, _ arguments: [String], core: Int
  ) throws(BenchError) -> ChildProcess {
    try lab.start(
      ["taskset", "-c", String(core), benchClientPath, role, socket, Lab.interface] + arguments,
      name: "benchclient")
  }

  func startUnprivileged(
    _ arguments: [String], core: Int?, userID: Int = Product.clientUserID
  ) throws(BenchError) -> ChildProcess {
    let other = ["--reuid=\(userID)", "--regid=\(userID)", "--clear-groups"]
    let nothing = [
      "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs",
    ]
    return try lab.start(
      Self.place(core) + ["setpriv"] + (lab.isMachineRoot ? other : []) + nothing
        + arguments,
      name: "ndisprotctl")
  }

  func waitUntilBound(_ daemon: ChildProcess) throws(BenchError) {
    let deadline = MonotonicTime.now + 5
    while unsafe access(socket, F_OK) != 0 {
      if daemon.hasEnded {
        let exitCode = try daemon.end(within: 1).exitCode
        throw .failed(program: daemon.name, exitCode: exitCode, lastWords: daemon.lastWords)
      }
      guard MonotonicTime.now < deadline else {
        throw .timedOut(program: daemon.name, waitingFor: "socket", seconds: 5)
      }
      usleep(2_000)
    }
    let wait = try startClient(["wait", Lab.interface, "--timeout", "5"], core: 1)
    try wait.succeed(within: 10)
  }
}
