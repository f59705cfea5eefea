/// P5: one frame over the wire and back, beside a raw packet socket that sends back what comes in.
///
/// Once on a quiet cable, and once while 200,000 other frames a second come to the same client; both are held against the
/// raw socket on the quiet cable. What the others cost the raw socket, which does not even see them, is among the figures.
struct Echo: Measurement {
  private static let core = ReceiveRun.receiverCore

  var rows: [RowDescription] {
    let others = "while \(EchoTimes.otherFramesPerSecond) other frames a second come"
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
    let idle = try EchoTimes.ping(bench)
    let (loaded, rate) = try EchoTimes.pingAmongOthers(bench)
    client.send(15)
    _ = try client.end(within: 5)
    try product.stop(daemon)

    let isSlow = !bench.isQuick && rate < 0.95 * Double(EchoTimes.otherFramesPerSecond)
    let slow = isSlow ? "the source sent \(Int(rate)) frames a second" : nil
    return [
      sample(idle, raw, \.p50), sample(idle, raw, \.p99),
      sample(loaded, raw, \.p50, loadedRaw, slow), sample(loaded, raw, \.p99, loadedRaw, slow),
    ]
  }

  private func sample(
    _ ours: EchoTimes, _ raw: EchoTimes, _ time: KeyPath<EchoTimes, Double>,
    _ loadedRaw: EchoTimes? = nil,
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
  ) throws(BenchError) -> (quiet: EchoTimes, amongOthers: EchoTimes) {
    try EchoTimes.withRawReflector(bench) { () throws(BenchError) in
      (try EchoTimes.ping(bench), try EchoTimes.pingAmongOthers(bench).times)
    }
  }
}

/// How long echoes took that the peer asked for from the far end, and how to ask.
struct EchoTimes {
  /// What comes beside the echoes: nobody answers it.
  static let otherFramesPerSecond = 200_000

  let p50: Double
  let p99: Double
  let missing: Double
  /// Of times within so many microseconds of the median.
  let jitter: [(microseconds: Int, percent: Double)]

  /// Asks as soon as the last answer is there, or so often a second.
  static func ping(
    _ bench: Bench, count: Int? = nil, perSecond: Double? = nil
  ) throws(BenchError) -> EchoTimes {
    let count = count ?? bench.frameCount(4_000)
    let pace = perSecond.map { ["--rate", String($0), "--seconds", "60"] } ?? []
    let ping = try bench.lab.start(
      bench.lab.atFarEnd(
        bench.lab.peer(
          "ping", core: ReceiveRun.sourceCore,
          ["--count", String(count), "--destination", Lab.address] + pace)),
      name: "ping")
    let summary = try ping.event(
      "summary", within: 20 + (perSecond.map { Double(count) / $0 } ?? 0))
    try ping.succeed(within: 5)
    guard let p50 = summary.p50Microseconds, let p99 = summary.p99Microseconds, p50 > 0 else {
      throw .notUnderstood(program: ping.name, line: "a summary without times")
    }
    let limits = [5, 10, 20, 50, 100, 200, 500]
    return EchoTimes(
      p50: p50, p99: p99, missing: summary.missing ?? 0,
      jitter: zip(limits, summary.jitterPercents ?? []).map { ($0, $1) })
  }

  /// Pings while the other frames come, and reports how many of them came a second.
  ///
  /// Of the EtherType of answers they come to who answers, too.
  static func pingAmongOthers(
    _ bench: Bench, ofType type: String = "0x88b6"
  ) throws(BenchError) -> (times: EchoTimes, otherFramesPerSecond: Double) {
    let others = try bench.lab.start(
      bench.lab.atFarEnd(
        bench.lab.peer(
          "source", core: ReceiveRun.sourceCore,
          ["--ethertype", type, "--count", "100000000", "--length", "60", "--batch", "4"]
            + ["--rate", String(otherFramesPerSecond), "--destination", Lab.address])),
      name: "others")
    let times = try ping(bench)
    others.send(15)
    let sent = try others.event("summary", within: 5)
    return (times, (sent.frames ?? 0) / (sent.elapsedSeconds ?? 1))
  }

  /// Runs with a raw packet socket that blocks, and sends back what comes in.
  static func withRawReflector<Result>(
    _ bench: Bench, core: Int = ReceiveRun.receiverCore,
    _ body: () throws(BenchError) -> Result
  ) throws(BenchError) -> Result {
    let reflector = try bench.lab.start(
      bench.lab.peer("reflect", core: core, []), name: "reflect")
    try reflector.event("ready", within: 5)
    let result = try body()
    reflector.send(15)
    try reflector.succeed(within: 5)
    return result
  }
}
