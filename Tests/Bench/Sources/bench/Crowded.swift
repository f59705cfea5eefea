/// P1 to P4 again, of a daemon with a thousand rules and a thousand sessions: beside the same daemon
/// with one rule and nobody else.
struct Crowded: Measurement {
  var rows: [RowDescription] {
    let crowd =
      "\(SessionCrowd.ruleCount) rules, \(SessionCrowd.sessionCount) sessions, "
      + "\(SessionCrowd.openCount) open with a read pended : alone"
    return [
      row("crowd/P1", "receive 60 B, throughput: \(crowd)", .atLeast(0.95)),
      row("crowd/P2", "receive 60 B, latency: the same", .atLeast(0.95)),
      row("crowd/P3", "transmit 60 B, all arrived: the same", .atLeast(0.95)),
      row("crowd/P4/throughput", "CPU of daemon and client, receiving: the same", .atMost(1.05)),
      row("crowd/P4/latency", "the same, latency", .atMost(1.05)),
    ]
  }

  private func row(_ name: String, _ what: String, _ bar: Bar) -> RowDescription {
    RowDescription(name: name, what: what, unit: .ratio, bar: bar)
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let throughput = try receive(bench, .throughput)
    let latency = try receive(bench, .latency)
    let count = bench.frameCount(1_200_000)
    let transmit = Transmit(frameByteCount: 60)
    let core = Transmit.daemonCore
    let sentAlone = try onDaemon(bench, .throughput, core: core, isCrowded: false) {
      daemon throws(BenchError) in try transmit.runProduct(bench, daemon, count: count)
    }
    let sentInCrowd = try onDaemon(bench, .throughput, core: core, isCrowded: true) {
      daemon throws(BenchError) in try transmit.runProduct(bench, daemon, count: count)
    }
    let isWhole = sentInCrowd.arrived == Double(count)
    return [
      throughput.rate, latency.rate,
      Sample(
        value: sentInCrowd.framesPerSecond / sentAlone.framesPerSecond,
        figures: [
          "Mpps": sentInCrowd.framesPerSecond * 1e-6,
          "alone Mpps": sentAlone.framesPerSecond * 1e-6,
        ],
        violation: isWhole ? nil : "\(Int(sentInCrowd.arrived)) of \(count) frames arrived"),
      throughput.cpu, latency.cpu,
    ]
  }

  private func receive(
    _ bench: Bench, _ profile: Product.Profile
  ) throws(BenchError) -> (rate: Sample, cpu: Sample) {
    let count = bench.frameCount(1_200_000)
    let core = ReceiveRun.receiverCore
    let alone = try onDaemon(bench, profile, core: core, isCrowded: false) {
      daemon throws(BenchError) in
      try ReceiveRun.product(bench, daemon, count: count, length: 60)
    }
    let inCrowd = try onDaemon(bench, profile, core: core, isCrowded: true) {
      daemon throws(BenchError) in
      try ReceiveRun.product(bench, daemon, count: count, length: 60)
    }
    let rate = Sample(
      value: inCrowd.framesPerSecond / alone.framesPerSecond,
      figures: [
        "Mpps": inCrowd.framesPerSecond * 1e-6, "alone Mpps": alone.framesPerSecond * 1e-6,
      ],
      violation: inCrowd.lostCount == 0 ? nil : "\(Int(inCrowd.lostCount)) frames lost",
      disturbance: alone.lostCount == 0 ? nil : "it lost frames alone")
    let cpu = Sample(
      value: inCrowd.cpuSecondsPerMillion / alone.cpuSecondsPerMillion,
      figures: ["s/M": inCrowd.cpuSecondsPerMillion, "alone s/M": alone.cpuSecondsPerMillion])
    return (rate, cpu)
  }

  private func onDaemon<Run>(
    _ bench: Bench, _ profile: Product.Profile, core: Int, isCrowded: Bool,
    _ run: (ChildProcess) throws(BenchError) -> Run
  ) throws(BenchError) -> Run {
    let product = try bench.product.get()
    let ruleCount = isCrowded ? SessionCrowd.ruleCount : 1
    let daemon = try product.startDaemon(
      configuredBy: SessionCrowd.configuration(profile, ruleCount: ruleCount), core: core)
    let crowd = isCrowded ? try SessionCrowd(product) : nil
    let result = try run(daemon)
    try crowd?.leave()
    try product.stop(daemon)
    return result
  }
}
