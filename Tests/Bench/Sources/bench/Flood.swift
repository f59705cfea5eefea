/// T5: how long another user's request and frame take while one client asks without end, beside the
/// same without it.
struct Flood: Measurement {
  /// What the client asks for.
  let question: String
  private static let core = ReceiveRun.receiverCore

  init(question: String) { self.question = question }

  var rows: [RowDescription] {
    let flood = "while one client floods with \(question)"
    return [
      RowDescription(
        name: "T5/\(question)", what: "another's OID query \(flood), p99 : without it",
        unit: .ratio, bar: .atMost(2)),
      RowDescription(
        name: "T5/\(question)/echo", what: "another's wire echo meanwhile, p99 : without it",
        unit: .ratio, bar: .atMost(2)),
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let product = try bench.product.get()
    let daemon = try product.startDaemon(
      configuredBy: SessionCrowd.configuration(.latency, ruleCount: 5), core: Self.core)
    let idle = try times(bench, product)
    let flood = try SessionCrowd.startFlood(product, of: question)
    let flooded = try times(bench, product)
    flood.send(15)
    let summary = try flood.event("summary", within: 5)
    try flood.succeed(within: 5)
    try product.stop(daemon)
    return [
      sample(idle.request, flooded.request, summary), sample(idle.echo, flooded.echo, summary),
    ]
  }

  private func sample(_ idle: Summary, _ flooded: Summary, _ flood: Summary) -> Sample {
    let (before, during) = (idle.p99Microseconds ?? 0, flooded.p99Microseconds ?? 0)
    return Sample(
      value: during / before,
      figures: [
        "µs": during, "idle µs": before, "p50 µs": flooded.p50Microseconds ?? 0,
        "idle p50 µs": idle.p50Microseconds ?? 0, "flood k/s": flood.framesPerSecond / 1_000,
      ],
      violation: flooded.missing ?? 0 == 0 ? nil : "frames did not come back",
      disturbance: before > 0 && idle.missing ?? 0 == 0 && flood.missing ?? 0 == 0
        ? nil : "the flood was refused, or frames did not come back without it")
  }

  private func times(
    _ bench: Bench, _ product: Product
  ) throws(BenchError) -> (request: Summary, echo: Summary) {
    let client = try product.startBenchClient(
      "request", [String(bench.frameCount(20_000))], core: Self.core)
    let request = try client.event("summary", within: 20)
    try client.succeed(within: 5)
    let reflector = try product.startBenchClient("reflect", core: Self.core)
    try reflector.event("ready", within: 5)
    let ping = try bench.lab.start(
      bench.lab.atFarEnd(
        bench.lab.peer(
          "ping", core: ReceiveRun.sourceCore,
          ["--count", String(bench.frameCount(4_000)), "--destination", Lab.address])),
      name: "ping")
    let echo = try ping.event("summary", within: 20)
    try ping.succeed(within: 5)
    reflector.send(15)
    _ = try reflector.end(within: 5)
    return (request, echo)
  }
}

/// T5: how long an operator waits for all counters of a thousand sessions, also while one client asks
/// for its own without end.
struct StatisticsFlood: Measurement {
  private static let core = ReceiveRun.receiverCore
  private static let repetitions = 20

  var rows: [RowDescription] {
    let sessions = "\(SessionCrowd.sessionCount) sessions, \(SessionCrowd.sessionCount) opens"
    return [
      row("T5/statistics", "all counters of \(sessions) while one client floods with STATISTICS"),
      row("T5/statistics/worst", "the same, the slowest of \(Self.repetitions)"),
    ]
  }

  private func row(_ name: String, _ what: String) -> RowDescription {
    RowDescription(name: name, what: what, unit: .milliseconds, bar: .atMost(100))
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let product = try bench.product.get()
    let daemon = try product.startDaemon(
      configuredBy: SessionCrowd.configuration(.latency, ruleCount: SessionCrowd.ruleCount),
      core: Self.core)
    let crowd = try SessionCrowd(product, openCount: SessionCrowd.sessionCount)
    let idle = try times(bench, product)
    let flood = try SessionCrowd.startFlood(product, of: "statistics")
    let flooded = try times(bench, product)
    flood.send(15)
    let summary = try flood.event("summary", within: 5)
    try flood.succeed(within: 5)
    try crowd.leave()
    try product.stop(daemon)

    func milliseconds(_ time: Double?) -> Double { (time ?? 0) / 1_000 }
    let figures = [
      "idle ms": milliseconds(idle.p50Microseconds),
      "idle worst ms": milliseconds(idle.worstMicroseconds), "objects": flooded.objects ?? 0,
      "flood k/s": summary.framesPerSecond / 1_000,
      "refused k/s": summary.framesPerSecond / 1_000 * (summary.missing ?? 0)
        / max(1, summary.frames ?? 0),
    ]
    return [flooded.p50Microseconds, flooded.worstMicroseconds].map {
      Sample(value: milliseconds($0), figures: figures)
    }
  }

  private func times(_ bench: Bench, _ product: Product) throws(BenchError) -> Summary {
    let client = try product.startOwnBenchClient(
      "statistics", [String(bench.isQuick ? 2 : Self.repetitions)], core: ReceiveRun.sourceCore)
    let summary = try client.event("summary", within: 60)
    try client.succeed(within: 5)
    return summary
  }
}

extension Summary {
  /// What a flood had answered, refusals included.
  fileprivate var framesPerSecond: Double { (frames ?? 0) / (elapsedSeconds ?? 1) }
}
