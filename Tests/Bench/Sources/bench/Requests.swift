/// P6: one request and its reply, daemon and client on one core.
struct Requests: Measurement {
  var rows: [RowDescription] {
    [
      RowDescription(
        name: "P6", what: "one OID query and its reply on one core, p50", unit: .microseconds,
        bar: .atMost(6))
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let product = try bench.product.get()
    let daemon = try product.startDaemon(.latency, core: 1)
    let client = try product.startBenchClient(
      "request", [String(bench.frameCount(50_000))], core: 1)
    let summary = try client.event("summary", within: 20)
    try client.succeed(within: 5)
    try product.stop(daemon)
    guard let p50 = summary.p50Microseconds, let p99 = summary.p99Microseconds else {
      throw .notUnderstood(program: client.name, line: "a summary without times")
    }
    return [Sample(value: p50, figures: ["p99 µs": p99])]
  }
}
