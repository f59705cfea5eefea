/// P1 to P4 again, of a daemon with a thousand rules and a thousand sessions: beside the same daemon
/// with one rule and nobody else.
///
/// A round runs alone, crowd, crowd, alone: a machine that slows down or speeds up meanwhile does it to
/// both.
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
    return [throughput.rate, latency.rate, try transmit(bench), throughput.cpu, latency.cpu]
  }

  private func transmit(_ bench: Bench) throws(BenchError) -> Sample {
    let count = bench.frameCount(1_200_000)
    let transmit = Transmit(frameByteCount: 60)
    let runs = try onDaemons(bench, .throughput, core: Transmit.daemonCore) {
      daemon throws(BenchError) in try transmit.runProduct(bench, daemon, count: count)
    }
    let (inCrowd, alone) = (
      mean(runs.crowd, \.framesPerSecond), mean(runs.alone, \.framesPerSecond)
    )
    let arrived = runs.crowd.map(\.arrived).min() ?? 0
    return Sample(
      value: inCrowd / alone, figures: ["Mpps": inCrowd * 1e-6, "alone Mpps": alone * 1e-6],
      violation: arrived == Double(count) ? nil : "\(Int(arrived)) of \(count) frames arrived")
  }

  private func receive(
    _ bench: Bench, _ profile: Product.Profile
  ) throws(BenchError) -> (rate: Sample, cpu: Sample) {
    let count = bench.frameCount(1_200_000)
    let runs = try onDaemons(bench, profile, core: ReceiveRun.receiverCore) {
      daemon throws(BenchError) in
      try ReceiveRun.product(bench, daemon, count: count, length: 60)
    }
    func sample(_ key: KeyPath<ReceiveRun, Double>, _ unit: String, _ factor: Double) -> Sample {
      let (inCrowd, alone) = (mean(runs.crowd, key), mean(runs.alone, key))
      return Sample(
        value: inCrowd / alone, figures: [unit: inCrowd * factor, "alone \(unit)": alone * factor])
    }
    let lost = runs.crowd.map(\.lostCount).reduce(0, +)
    let lostAlone = runs.alone.map(\.lostCount).reduce(0, +)
    var rate = sample(\.framesPerSecond, "Mpps", 1e-6)
    rate.violation = lost == 0 ? nil : "\(Int(lost)) frames lost"
    rate.disturbance = lostAlone == 0 ? nil : "it lost frames alone"
    return (rate, sample(\.cpuSecondsPerMillion, "s/M", 1))
  }

  private func mean<Run>(_ runs: [Run], _ value: KeyPath<Run, Double>) -> Double {
    runs.map { $0[keyPath: value] }.reduce(0, +) / Double(runs.count)
  }

  private func onDaemons<Run>(
    _ bench: Bench, _ profile: Product.Profile, core: Int,
    _ run: (ChildProcess) throws(BenchError) -> Run
  ) throws(BenchError) -> (alone: [Run], crowd: [Run]) {
    let first = try onDaemon(bench, profile, core: core, isCrowded: false, run)
    let crowd = [
      try onDaemon(bench, profile, core: core, isCrowded: true, run),
      try onDaemon(bench, profile, core: core, isCrowded: true, run),
    ]
    return ([first, try onDaemon(bench, profile, core: core, isCrowded: false, run)], crowd)
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
