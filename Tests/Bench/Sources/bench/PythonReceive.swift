internal import Glibc

/// Programs in Python: the module's `read_batch` at half a million frames a second, beside the loop around
/// `recvfrom` that people write as root.
struct PythonReceive: Measurement {
  let profile: Product.Profile
  private static let framesPerSecond = 500_000

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "python/read/\(profile.rawValue)",
        what: "CPU of `read_batch` in Python a frame, 0.5 Mpps, 60 B, \(profile.rawValue), 0 lost",
        unit: .microseconds, bar: .atMost(0.75)),
      RowDescription(
        name: "python/peer/\(profile.rawValue)",
        what: "the same : CPU of a recvfrom loop in Python on a packet socket",
        unit: .ratio, bar: nil),
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let product = try bench.product.get()
    let client = try PythonClient(product)
    let count = bench.frameCount(1_000_000)

    let loop = try run(bench, count: count, try client.startAsRoot("packet"))
    let daemon = try product.startDaemon(profile, core: ReceiveRun.receiverCore)
    let ours = try run(bench, count: count, try client.start("ndisprot"))
    try product.stop(daemon)

    let lost = Double(count) - ours.frames
    return [
      Sample(
        value: ours.microseconds,
        figures: [
          "peer us": loop.microseconds, "Mpps": ours.framesPerSecond * 1e-6, "lost": lost,
          "lost by the open": ours.lostByOpen, "peer lost": Double(count) - loop.frames,
        ],
        violation: lost == 0 ? nil : "\(Int(lost)) frames lost"),
      Sample(value: ours.microseconds / loop.microseconds),
    ]
  }

  /// What a program says of itself.
  private struct Run {
    let frames: Double
    let framesPerSecond: Double
    /// Of processor time, a frame.
    let microseconds: Double
    /// What the daemon said in front of frames; the others were dropped by the kernel.
    let lostByOpen: Double
  }

  private func run(
    _ bench: Bench, count: Int, _ program: ChildProcess
  ) throws(BenchError) -> Run {
    try program.event("ready", within: 20)
    try ReceiveRun.send(bench, count: count, length: 60, framesPerSecond: Self.framesPerSecond)
    let summary = try program.event("summary", within: 20)
    try program.succeed(within: 5)
    guard let frames = summary.frames, let elapsed = summary.elapsedSeconds, elapsed > 0,
      let cpuSeconds = summary.cpuSeconds
    else {
      throw .notUnderstood(program: program.name, line: "a summary without frames or times")
    }
    return Run(
      frames: frames, framesPerSecond: frames / elapsed, microseconds: cpuSeconds / frames * 1e6,
      lostByOpen: summary.missing ?? 0)
  }
}

/// What `import ndisprot` costs a program.
struct PythonImport: Measurement {
  var rows: [RowDescription] {
    [
      RowDescription(
        name: "python/import", what: "`import ndisprot`, compiled before", unit: .milliseconds,
        bar: .atMost(30))
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let client = try PythonClient(try bench.product.get())
    let program = try client.start("import")
    let summary = try program.event("summary", within: 20)
    try program.succeed(within: 5)
    guard let milliseconds = summary.milliseconds else {
      throw .notUnderstood(program: program.name, line: "a summary without milliseconds")
    }
    return [Sample(value: milliseconds)]
  }
}

/// The Python module and its programs, where every user may read them.
private struct PythonClient {
  let product: Product
  private var folder: String { "\(product.lab.directory)/python" }
  /// The distribution's: a user without rights may not be able to enter another one's folder.
  private static let interpreter = "/usr/bin/python3"

  init(_ product: Product) throws(BenchError) {
    guard unsafe access(Self.interpreter, X_OK) == 0 else {
      throw .missing("no \(Self.interpreter)")
    }
    self.product = product
    guard unsafe access(folder, F_OK) != 0 else { return }
    let log = "\(product.lab.directory)/python.err"
    try ChildProcess.run(["mkdir", "-m", "755", folder], errorPath: log)
    try ChildProcess.run(
      ["cp", "-r", product.pythonModulePath, product.pythonProgramPath, folder], errorPath: log)
    try ChildProcess.run(
      [Self.interpreter, "-m", "compileall", "-q", folder], errorPath: log)
    try ChildProcess.run(["chmod", "-R", "u=rwX,go=rX", folder], errorPath: log)
  }

  private func words(_ role: String) -> [String] {
    [
      "env", "PYTHONPATH=\(folder)", "NDISPROT_SOCKET=\(product.socket)", Self.interpreter,
      "\(folder)/receive.py", role, Lab.interface,
    ]
  }

  /// Starts one of its roles, as a user without any capability.
  func start(_ role: String) throws(BenchError) -> ChildProcess {
    try product.startUnprivileged(words(role), core: ReceiveRun.receiverCore)
  }

  /// A packet socket is root's.
  func startAsRoot(_ role: String) throws(BenchError) -> ChildProcess {
    try product.lab.start(Product.place(ReceiveRun.receiverCore) + words(role), name: "python")
  }
}
