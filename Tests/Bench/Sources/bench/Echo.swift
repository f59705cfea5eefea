/// P5: one frame over the wire and back, beside a raw packet socket that sends back what comes in.
///
/// Once on a quiet cable, and once while 200,000 other frames a second come to the same client; both are held against the
/// raw socket on the quiet cable. What the others cost the raw socket, which does not even see them, is among the figures.
struct Echo: Measurement {
  private static let otherFramesPerSecond = 200_000
  private static let core = ReceiveRun.receiverCore

  var rows: [RowDescription] {
    let others = "while \(Self.otherFramesPerSecond) other frames a second come"
    return [
      row("P5/idle", "wire echo, p50 : raw AF_PACKET echo", 1.2),
      row("P5/idle/p99", "the same, p99", 1.5),
      row("P5/loaded", "wire echo \(others), p50 : raw echo on the quiet cable", 1.1),
      row("P5/loaded/p99", "the same, p99", 1.3),
    ]
  }

  private func row(_ name: String, _ what: String, _ most: Double) -> RowDescription {
    RowDescription(name: name, what: what, unit: .ratio, bar: .atMost(most))
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let (raw, loadedRaw) = try throughRawSocket(bench)
    let product = try bench.product.get()
    let daemon = try product.startDaemon(.latency, core: Self.core)
    let client = try product.startBenchClient("reflect", core: Self.core)
    try client.event("ready", within: 5)
    let idle = try ping(bench)
    let (loaded, rate) = try pingAmongOthers(bench)
    client.send(15)
    _ = try client.end(within: 5)
    try product.stop(daemon)

    let isSlow = !bench.isQuick && rate < 0.95 * Double(Self.otherFramesPerSecond)
    let slow = isSlow ? "the source sent \(Int(rate)) frames a second" : nil
    return [
      sample(idle, raw, \.p50), sample(idle, raw, \.p99),
      sample(loaded, raw, \.p50, loadedRaw, slow), sample(loaded, raw, \.p99, loadedRaw, slow),
    ]
  }

  private struct Times {
    let p50: Double
    let p99: Double
    let missing: Double
  }

  private func sample(
    _ ours: Times, _ raw: Times, _ time: KeyPath<Times, Double>, _ loadedRaw: Times? = nil,
    _ disturbance: String? = nil
  ) -> Sample {
    var figures = ["µs": ours[keyPath: time], "raw µs": raw[keyPath: time]]
    if let loadedRaw { figures["raw µs, among the others"] = loadedRaw[keyPath: time] }
    return Sample(
      value: ours[keyPath: time] / raw[keyPath: time], figures: figures,
      violation: ours.missing == 0 ? nil : "\(Int(ours.missing)) frames did not come back",
      disturbance: raw.missing == 0 ? disturbance : "the raw echo lost frames")
  }

  private func throughRawSocket(
    _ bench: Bench
  ) throws(BenchError) -> (quiet: Times, amongOthers: Times) {
    let reflector = try bench.lab.start(
      bench.lab.peer("reflect", core: Self.core, []), name: "reflect")
    try reflector.event("ready", within: 5)
    let quiet = try ping(bench)
    let (amongOthers, _) = try pingAmongOthers(bench)
    reflector.send(15)
    try reflector.succeed(within: 5)
    return (quiet, amongOthers)
  }

  /// Pings while the other frames come, and tells how many of them came a second.
  private func pingAmongOthers(
    _ bench: Bench
  ) throws(BenchError) -> (times: Times, otherFramesPerSecond: Double) {
    let others = try startOthers(bench)
    let times = try ping(bench)
    others.send(15)
    let sent = try others.event("summary", within: 5)
    return (times, (sent.frames ?? 0) / (sent.elapsedSeconds ?? 1))
  }

  private func ping(_ bench: Bench) throws(BenchError) -> Times {
    let ping = try bench.lab.start(
      bench.lab.atFarEnd(
        bench.lab.peer(
          "ping", core: ReceiveRun.sourceCore,
          ["--count", String(bench.frameCount(4_000)), "--destination", Lab.address])),
      name: "ping")
    let summary = try ping.event("summary", within: 20)
    try ping.succeed(within: 5)
    guard let p50 = summary.p50Microseconds, let p99 = summary.p99Microseconds, p50 > 0 else {
      throw .notUnderstood(program: ping.name, line: "a summary without times")
    }
    return Times(p50: p50, p99: p99, missing: summary.missing ?? 0)
  }

  /// Frames of the EtherType of answers: the client gets them all, and answers none.
  private func startOthers(_ bench: Bench) throws(BenchError) -> ChildProcess {
    try bench.lab.start(
      bench.lab.atFarEnd(
        bench.lab.peer(
          "source", core: ReceiveRun.sourceCore,
          ["--ethertype", "0x88b6", "--count", "100000000", "--length", "60", "--batch", "4"]
            + ["--rate", String(Self.otherFramesPerSecond), "--destination", Lab.address])),
      name: "others")
  }
}
