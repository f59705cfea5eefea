/// P9: a busy client among 64 that want every frame and read none, and 16 that read everything.
struct Crowd: Measurement {
  private static let idleCount = 64
  private static let readerCount = 16
  private static let core = ReceiveRun.receiverCore

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "P9/idle",
        what: "a client's receive rate among \(Self.idleCount) idle ones, 60 B : alone",
        unit: .ratio, bar: .atLeast(0.95)),
      RowDescription(
        name: "P9/readers",
        what: "the source's rate with \(Self.readerCount) readers of everything : C V3 loop",
        unit: .ratio, bar: .atLeast(0.90)),
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let count = bench.frameCount(1_200_000)
    let alone = try ReceiveRun.product(bench, profile: .throughput, count: count, length: 60)
    let amongIdle = try ReceiveRun.product(
      bench, profile: .throughput, count: count, length: 60, idleClients: Self.idleCount)
    let peer = try ReceiveRun.peer(bench, count: count, length: 60)
    let readers = try sourceRate(bench, count: count)
    return [
      Sample(
        value: amongIdle.framesPerSecond / alone.framesPerSecond,
        figures: [
          "Mpps": amongIdle.framesPerSecond * 1e-6, "alone Mpps": alone.framesPerSecond * 1e-6,
          "s/M": amongIdle.cpuSecondsPerMillion, "alone s/M": alone.cpuSecondsPerMillion,
        ],
        violation: amongIdle.lostCount == 0 ? nil : "\(Int(amongIdle.lostCount)) frames lost",
        disturbance: alone.lostCount == 0 ? nil : "it lost frames alone"),
      Sample(
        value: readers.framesPerSecond / peer.sourceFramesPerSecond,
        figures: [
          "Mpps": readers.framesPerSecond * 1e-6, "peer Mpps": peer.sourceFramesPerSecond * 1e-6,
          "lost of all": readers.lost,
        ]),
    ]
  }

  private func sourceRate(
    _ bench: Bench, count: Int
  ) throws(BenchError) -> (framesPerSecond: Double, lost: Double) {
    let product = try bench.product.get()
    let daemon = try product.startDaemon(.throughput, core: Self.core)
    var readers: [ChildProcess] = []
    for _ in 0..<Self.readerCount {
      let reader = try product.startClient(
        ["read", Lab.interface, "--ethertype", "0x88b5", "--count-only", "--idle-timeout", "0.5"],
        core: Self.core)
      try reader.event("reading", within: 5)
      readers.append(reader)
    }
    let sent = try ReceiveRun.send(bench, count: count, length: 60)
    var received = 0.0
    for reader in readers {
      received += try reader.event("summary", within: 20).frames ?? 0
      try reader.succeed(within: 5)
    }
    try product.stop(daemon)
    return (sent.framesPerSecond, sent.frames * Double(Self.readerCount) - received)
  }
}
