internal import Glibc

/// What is measured: a daemon, and a client without privileges, as processes.
struct Product {
  let lab: Lab
  let daemonPath: String
  /// A copy in the lab: the client's user may not be able to enter the folder of the build.
  let clientPath: String
  private var socket: String { "\(lab.directory)/ndisprot.sock" }

  /// How the daemon captures.
  enum Profile: String, Sendable {
    case latency, throughput
  }

  init(lab: Lab, daemonPath: String, clientPath: String) throws(BenchError) {
    for (name, path) in [("ndisprotd", daemonPath), ("ndisprotctl", clientPath)]
    where unsafe access(path, X_OK) != 0 {
      throw .missing("no \(name) to measure: it is not built")
    }
    self.lab = lab
    self.daemonPath = daemonPath
    self.clientPath = "\(lab.directory)/ndisprotctl"
    try ChildProcess.run(
      ["install", "-m", "755", clientPath, self.clientPath], errorPath: "\(lab.directory)/install")
  }

  /// Starts a daemon on the lab's interface, and waits until the interface is bound.
  ///
  /// With `allocations`, it runs under the preloaded library that counts them.
  func startDaemon(
    _ profile: Profile, core: Int, preloading allocations: AllocationCounter? = nil
  ) throws(BenchError) -> ChildProcess {
    unsafe unlink(socket)
    let preload = allocations.map { ["env"] + $0.environment } ?? []
    let client = lab.isMachineRoot ? ["--allow", "nobody"] : []
    let daemon = try lab.start(
      ["taskset", "-c", String(core)] + preload
        + [daemonPath, "--socket", socket, "--interface", Lab.interface]
        + ["--profile", profile.rawValue] + client,
      name: "ndisprotd")
    try waitUntilBound(daemon)
    return daemon
  }

  /// Ends a daemon as its service manager would.
  func stop(_ daemon: ChildProcess) throws(BenchError) {
    daemon.send(SIGTERM)
    try daemon.succeed(within: 6)
  }

  /// Starts `ndisprotctl --json` as a user without any capability.
  func startClient(_ arguments: [String], core: Int) throws(BenchError) -> ChildProcess {
    try startUnprivileged([clientPath, "--socket", socket, "--json"] + arguments, core: core)
  }

  private func startUnprivileged(
    _ arguments: [String], core: Int
  ) throws(BenchError) -> ChildProcess {
    let other = ["--reuid=65534", "--regid=65534", "--clear-groups"]
    let nothing = [
      "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs",
    ]
    return try lab.start(
      ["taskset", "-c", String(core), "setpriv"] + (lab.isMachineRoot ? other : []) + nothing
        + arguments,
      name: "ndisprotctl")
  }

  private func waitUntilBound(_ daemon: ChildProcess) throws(BenchError) {
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
