/// P6: one request and its reply, daemon and client on one core.
///
/// Beside it a C pair of processes that exchange as many bytes in the same system calls and do nothing
/// else: most of the time is the kernel's, and how much differs from machine to machine.
struct Requests: Measurement {
  private static let core = ReceiveRun.receiverCore

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "P6", what: "one OID query and its reply on one core, p50", unit: .microseconds,
        bar: .atMost(6)),
      RowDescription(
        name: "P6/pair", what: "the same : C, two processes, epoll on the side that answers",
        unit: .ratio, bar: nil),
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let count = bench.frameCount(50_000)
    let pair = try bench.lab.start(
      bench.lab.peer("pair", core: Self.core, ["--count", String(count)]), name: "pair")
    let peer = try times(of: pair)

    let product = try bench.product.get()
    let daemon = try product.startDaemon(.latency, core: Self.core)
    let ours = try times(of: product.startBenchClient("request", [String(count)], core: Self.core))
    try product.stop(daemon)
    let figures = ["p99 µs": ours.p99, "peer p50 µs": peer.p50, "peer p99 µs": peer.p99]
    return [
      Sample(value: ours.p50, figures: figures),
      Sample(value: ours.p50 / peer.p50, figures: ["µs": ours.p50, "peer µs": peer.p50]),
    ]
  }

  private func times(of client: ChildProcess) throws(BenchError) -> (p50: Double, p99: Double) {
    let summary = try client.event("summary", within: 20)
    try client.succeed(within: 5)
    guard let p50 = summary.p50Microseconds, let p99 = summary.p99Microseconds, p50 > 0 else {
      throw .notUnderstood(program: client.name, line: "a summary without times")
    }
    return (p50, p99)
  }
}
