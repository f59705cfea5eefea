internal import Glibc

/// Frames sent at one end of the cable and counted at the other: one run of one receiver.
struct ReceiveRun {
  let framesPerSecond: Double
  let lostCount: Double
  /// What the source reached meanwhile.
  let sourceFramesPerSecond: Double
  /// CPU time of everything between the kernel and the last counted frame.
  let cpuSecondsPerMillion: Double

  /// Where the source runs, and where those who receive.
  static let sourceCore = 0
  static let receiverCore = 1

  private init(
    _ summary: Summary, sent: Sent, cpuSeconds: Double, by receiver: String
  ) throws(BenchError) {
    guard let frames = summary.frames, let elapsed = summary.elapsedSeconds, elapsed > 0 else {
      throw .notUnderstood(program: receiver, line: "a summary without frames or elapsedSeconds")
    }
    framesPerSecond = frames / elapsed
    lostCount = sent.frames - frames
    sourceFramesPerSecond = sent.framesPerSecond
    cpuSecondsPerMillion = cpuSeconds / frames * 1e6
  }

  /// A C receiver, run as root: a loop around `pcap_dispatch` unless another role is named.
  static func peer(
    _ bench: Bench, role: String = "capture", count: Int, length: Int, immediate: Bool = false
  ) throws(BenchError) -> ReceiveRun {
    let mode = immediate ? ["--immediate"] : []
    let capture = try bench.lab.start(
      bench.lab.peer(role, core: receiverCore, mode), name: role)
    try capture.event("ready", within: 5)
    let sent = try send(bench, count: count, length: length)
    let summary = try capture.event("summary", within: 20)
    try capture.succeed(within: 5)
    return try ReceiveRun(
      summary, sent: sent, cpuSeconds: summary.cpuSeconds ?? 0, by: capture.name)
  }

  /// Daemon and client, both on the receivers' core, among clients that want every frame and read
  /// none.
  static func product(
    _ bench: Bench, profile: Product.Profile, count: Int, length: Int, idleClients: Int = 0
  ) throws(BenchError) -> ReceiveRun {
    let product = try bench.product.get()
    let daemon = try product.startDaemon(profile, core: receiverCore)
    let crowd: ChildProcess? =
      idleClients == 0
      ? nil : try product.startBenchClient("idle", [String(idleClients)], core: receiverCore)
    try crowd?.event("ready", within: 10)
    let run = try ReceiveRun.product(bench, daemon, count: count, length: length)
    crowd?.send(SIGTERM)
    _ = try crowd?.end(within: 5)
    try product.stop(daemon)
    return run
  }

  /// A client of a daemon that runs, both on the receivers' core.
  static func product(
    _ bench: Bench, _ daemon: ChildProcess, count: Int, length: Int
  ) throws(BenchError) -> ReceiveRun {
    let client = try bench.product.get().startClient(
      ["read", Lab.interface, "--ethertype", "0x88b5", "--count-only", "--idle-timeout", "0.3"],
      core: receiverCore)
    return try ReceiveRun.client(
      bench, daemon, client, ready: "reading", count: count, length: length)
  }

  /// A client that says `ready` when it reads, and how many frames there were at its end.
  static func client(
    _ bench: Bench, _ daemon: ChildProcess, _ client: ChildProcess, ready: String, count: Int,
    length: Int
  ) throws(BenchError) -> ReceiveRun {
    try client.event(ready, within: 5)
    let cpuBefore = daemon.cpuSeconds + client.cpuSeconds

    let sent = try send(bench, count: count, length: length)
    let summary = try client.event("summary", within: 20)
    try client.succeed(within: 5)
    let cpuSeconds = daemon.cpuSeconds + client.cpuSeconds - cpuBefore
    return try ReceiveRun(summary, sent: sent, cpuSeconds: cpuSeconds, by: client.name)
  }

  /// What the source says of itself.
  struct Sent {
    let frames: Double
    let framesPerSecond: Double
  }

  /// Sends numbered frames from the far end.
  @discardableResult
  static func send(
    _ bench: Bench, count: Int, length: Int, framesPerSecond: Int = 0
  ) throws(BenchError) -> Sent {
    let source = try bench.lab.start(
      bench.lab.atFarEnd(
        bench.lab.peer(
          "source", core: sourceCore,
          ["--count", String(count), "--length", String(length)]
            + ["--rate", String(framesPerSecond), "--destination", Lab.address])),
      name: "source")
    let summary = try source.event("summary", within: 20)
    try source.succeed(within: 5)
    guard let frames = summary.frames, let elapsed = summary.elapsedSeconds, elapsed > 0 else {
      throw .notUnderstood(program: source.name, line: "a summary without frames or elapsedSeconds")
    }
    return Sent(frames: frames, framesPerSecond: frames / elapsed)
  }
}
