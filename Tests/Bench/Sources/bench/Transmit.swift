/// P3: sending as fast as it goes, beside a C `pcap_inject` loop run as root.
struct Transmit: Measurement {
  let frameByteCount: Int

  /// Frames a message: what fits well, as the experiments found.
  private var batch: Int { frameByteCount == 60 ? 512 : 64 }
  static let daemonCore = 0
  private static let clientCore = 1

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "P3/\(frameByteCount)",
        what: "transmit \(frameByteCount) B, all arrived : C pcap_inject loop",
        unit: .ratio, bar: .atLeast(frameByteCount == 60 ? 0.98 : 0.78))
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let count = bench.frameCount(1_200_000)
    let peer = try runPeer(bench, "inject", count: count)
    let ours = try runProduct(bench, count: count)
    return [
      Sample(
        value: ours.framesPerSecond / peer.framesPerSecond,
        figures: [
          "Mpps": ours.framesPerSecond * 1e-6, "peer Mpps": peer.framesPerSecond * 1e-6,
          "s/M": ours.cpuSeconds / Double(count) * 1e6,
          "peer s/M": peer.cpuSeconds / Double(count) * 1e6,
        ],
        violation: ours.arrived == Double(count)
          ? nil : "\(Int(ours.arrived)) of \(count) frames arrived")
    ]
  }

  struct Run {
    let framesPerSecond: Double
    let arrived: Double
    let cpuSeconds: Double
  }

  /// A C sender in one of the peer's roles.
  func runPeer(_ bench: Bench, _ role: String, count: Int) throws(BenchError) -> Run {
    let before = try bench.lab.farEndFrameCount()
    let inject = try bench.lab.start(
      bench.lab.peer(
        role, core: Self.daemonCore,
        [
          "--interface", Lab.interface, "--count", String(count), "--length",
          String(frameByteCount),
        ]
          + ["--destination", Lab.farAddress]),
      name: role)
    let summary = try inject.event("summary", within: 20)
    try inject.succeed(within: 5)
    return Run(
      framesPerSecond: try rate(summary.frames, summary.elapsedSeconds, of: inject.name),
      arrived: try bench.lab.farEndFrameCount() - before,
      cpuSeconds: summary.cpuSeconds ?? 0)
  }

  private func runProduct(_ bench: Bench, count: Int) throws(BenchError) -> Run {
    let product = try bench.product.get()
    let daemon = try product.startDaemon(.throughput, core: Self.daemonCore)
    let run = try runProduct(bench, daemon, count: count)
    try product.stop(daemon)
    return run
  }

  /// A client of a daemon that runs.
  func runProduct(
    _ bench: Bench, _ daemon: ChildProcess, count: Int
  ) throws(BenchError) -> Run {
    let product = try bench.product.get()
    let before = try bench.lab.farEndFrameCount()
    let cpuBefore = daemon.cpuSeconds
    let client = try product.startClient(
      ["write", Lab.interface, "-n", String(count), "-l", String(frameByteCount)]
        + ["--ethertype", "0x88b5", "--dst", Lab.farAddress, "--batch", String(batch)],
      core: Self.clientCore)
    let summary = try client.event("summary", within: 30)
    try client.succeed(within: 5)
    let cpuSeconds = daemon.cpuSeconds - cpuBefore + client.cpuSeconds
    return Run(
      framesPerSecond: try rate(summary.sent, summary.elapsedSeconds, of: client.name),
      arrived: try bench.lab.farEndFrameCount() - before, cpuSeconds: cpuSeconds)
  }

  private func rate(
    _ frames: Double?, _ seconds: Double?, of program: String
  ) throws(BenchError) -> Double {
    guard let frames, let seconds, seconds > 0 else {
      throw .notUnderstood(program: program, line: "a summary without frames or elapsedSeconds")
    }
    return frames / seconds
  }
}
