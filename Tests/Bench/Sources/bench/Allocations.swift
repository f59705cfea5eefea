/// P8: what ten times as many frames cost the daemon in heap allocations.
///
/// The same run with N and with 10 N frames, in one daemon that has seen one before. Opening and
/// closing cost both the same; so what differs was paid by the frames.
struct Allocations: Measurement {
  /// Which way the frames go.
  enum Direction: String {
    case receive, transmit
  }

  let direction: Direction

  /// Fewer than one for each message of 512 frames would show.
  private static let noise = 8.0

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "P8/\(direction.rawValue)",
        what: "heap allocations of the daemon for 10 N frames less those for N, \(direction)",
        unit: .allocations, bar: .atMost(Self.noise))
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let product = try bench.product.get()
    let counter = try AllocationCounter(
      library: bench.counterLibrary, path: "\(bench.lab.directory)/allocations")
    let daemon = try product.startDaemon(.throughput, core: 1, preloading: counter)
    let count = bench.frameCount(50_000)
    _ = try allocations(counter, in: product, bench, count: count)
    let few = try allocations(counter, in: product, bench, count: count)
    let many = try allocations(counter, in: product, bench, count: count * 10)
    try product.stop(daemon)
    return [
      Sample(
        value: many - few,
        figures: ["at N": few, "at 10 N": many, "N": Double(count)],
        violation: counter.count == 0 ? "the counter was not loaded" : nil)
    ]
  }

  /// Allocations from before a client opens until the daemon has put everything away again.
  private func allocations(
    _ counter: AllocationCounter, in product: Product, _ bench: Bench, count: Int
  ) throws(BenchError) -> Double {
    let before = counter.count
    switch direction {
    case .receive: try receive(product, bench, count: count)
    case .transmit: try transmit(product, count: count)
    }
    try bench.lab.waitForNoPacketSocket()
    return counter.count - before
  }

  private func receive(_ product: Product, _ bench: Bench, count: Int) throws(BenchError) {
    let client = try product.startClient(
      ["read", Lab.interface, "--ethertype", "0x88b5", "--count-only", "-n", String(count)]
        + ["--timeout", "20"],
      core: 1)
    try client.event("reading", within: 5)
    try ReceiveRun.send(bench, count: count, length: 60, framesPerSecond: 200_000)
    try client.event("summary", within: 20)
    try client.succeed(within: 5)
  }

  private func transmit(_ product: Product, count: Int) throws(BenchError) {
    let client = try product.startClient(
      ["write", Lab.interface, "-n", String(count), "-l", "60", "--ethertype", "0x88b5"]
        + ["--dst", Lab.farAddress, "--batch", "512"],
      core: 1)
    try client.event("summary", within: 20)
    try client.succeed(within: 5)
  }
}
