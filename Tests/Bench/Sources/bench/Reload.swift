/// A reload of a thousand rules that changes what each of a thousand opens may do, or takes it all
/// away: from asking to the answer, which comes when all have taken it.
struct Reload: Measurement {
  private static let core = ReceiveRun.receiverCore
  private static let repetitions = 20

  var rows: [RowDescription] {
    let crowd =
      "RELOAD of \(SessionCrowd.ruleCount) rules that changes \(SessionCrowd.sessionCount) opens"
    return [
      row("reload", "\(crowd), to the answer, median of \(Self.repetitions)"),
      row("reload/worst", "the same, the slowest of \(Self.repetitions)"),
      row(
        "reload/revoked",
        "RELOAD that takes every right of \(SessionCrowd.sessionCount) opens, all closed and told"),
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
    let count = bench.isQuick ? 2 : Self.repetitions
    let changes = try times(product, count, [.reading, .all])
    let end = try times(product, 1, [.none])
    try crowd.leave()
    try product.stop(daemon)
    return [changes.median, changes.worst, end.worst]
  }

  /// How long an operator's reloads take, from one of these configurations to the next.
  private func times(
    _ product: Product, _ count: Int, _ configurations: [SessionCrowd.Rights]
  ) throws(BenchError) -> (median: Sample, worst: Sample) {
    var files: [String] = []
    for (index, rights) in configurations.enumerated() {
      let path = "\(product.lab.directory)/rules-\(index).toml"
      try TextFile.write(
        SessionCrowd.configuration(.latency, ruleCount: SessionCrowd.ruleCount, rights), to: path)
      files.append(path)
    }
    let client = try product.startOwnBenchClient(
      "reload", [String(count), product.configurationPath] + files, core: ReceiveRun.sourceCore)
    let summary = try client.event("summary", within: 60)
    try client.succeed(within: 5)
    guard let median = summary.p50Microseconds, let worst = summary.worstMicroseconds,
      let changed = summary.changed
    else { throw .notUnderstood(program: client.name, line: "a summary without times") }
    let isWhole = changed == Double(SessionCrowd.sessionCount)
    let violation = isWhole ? nil : "a reload reached \(Int(changed)) opens"
    return (
      Sample(value: median / 1_000, violation: violation),
      Sample(value: worst / 1_000, violation: violation)
    )
  }
}
