/// P13: the echo of P5 with a binding that polls, and a client that does.
///
/// Daemon and client share a core, as in P5, and yield it to each other.
struct RealtimeEcho: Measurement {
  var rows: [RowDescription] {
    [
      RowDescription(
        name: "P13/echo", what: "realtime profile: wire echo, p50 : raw AF_PACKET echo",
        unit: .ratio, bar: .atMost(0.75)),
      RowDescription(
        name: "P13/echo/p99", what: "the same, p99", unit: .ratio, bar: .atMost(0.9)),
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let raw = try EchoTimes.withRawReflector(bench) { () throws(BenchError) in
      try EchoTimes.ping(bench)
    }
    let product = try bench.product.get()
    let core = ReceiveRun.receiverCore
    let daemon = try product.startDaemon(.realtime, core: core)
    let client = try product.startBenchClient("echo", ["100"], core: core)
    try client.event("ready", within: 5)
    let ours = try EchoTimes.ping(bench)
    client.send(15)
    _ = try client.end(within: 5)
    try product.stop(daemon)
    return [ours.sample(to: raw, \.p50), ours.sample(to: raw, \.p99)]
  }
}

/// P13: a cycle of a millisecond: how late answers are, and how evenly they come.
struct Cycle: Measurement {
  private static let cyclesPerSecond = 1_000.0

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "P13/cycle",
        what:
          "realtime profile, an exchange of 60 B 1,000 times a second, p99 : raw AF_PACKET echo",
        unit: .ratio, bar: .atMost(1.1)),
      RowDescription(
        name: "P13/cycle/core", what: "the same: processor time of daemon and client",
        unit: .percent),
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let count = bench.frameCount(10_000)
    let raw = try EchoTimes.withRawReflector(bench) { () throws(BenchError) in
      try EchoTimes.ping(bench, count: count, perSecond: Self.cyclesPerSecond)
    }
    let product = try bench.product.get()
    let core = ReceiveRun.receiverCore
    let daemon = try product.startDaemon(.realtime, binding: "spin = 1100", core: core)
    let client = try product.startBenchClient("echo", ["1100"], core: core)
    try client.event("ready", within: 5)
    let before = daemon.cpuSeconds + client.cpuSeconds
    let start = MonotonicTime.now
    let ours = try EchoTimes.ping(bench, count: count, perSecond: Self.cyclesPerSecond)
    let used = (daemon.cpuSeconds + client.cpuSeconds - before) / (MonotonicTime.now - start)
    client.send(15)
    _ = try client.end(within: 5)
    try product.stop(daemon)
    var sample = ours.sample(to: raw, \.p99)
    for (time, own) in zip(ours.jitter, raw.jitter) {
      sample.figures["within \(time.microseconds) µs of p50, %"] = time.percent
      sample.figures["raw within \(own.microseconds) µs, %"] = own.percent
    }
    return [sample, Sample(value: 100 * used)]
  }
}

/// P14: the echo of one open while another open of the same binding takes 200,000 frames a second.
struct EchoBesideOthers: Measurement {
  private static let otherType = "0x88b8"

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "P14/p50",
        what: "wire echo while \(EchoTimes.otherFramesPerSecond) frames a second come for another "
          + "open, p50 : raw echo under the same load", unit: .ratio, bar: .atMost(1.3)),
      RowDescription(name: "P14/p99", what: "the same, p99", unit: .ratio, bar: .atMost(1.5)),
      RowDescription(
        name: "P14/cost", what: "the same: processor time of daemon and both clients",
        unit: .percent),
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let raw = try EchoTimes.withRawReflector(bench) { () throws(BenchError) in
      try EchoTimes.pingAmongOthers(bench, ofType: Self.otherType).times
    }
    let product = try bench.product.get()
    let core = ReceiveRun.receiverCore
    let daemon = try product.startDaemon(.latency, core: core)
    let programs = [
      daemon, try product.startBenchClient("echo", ["0"], core: core),
      try product.startBenchClient("sink", core: core),
    ]
    for client in programs.dropFirst() { try client.event("ready", within: 5) }
    let before = programs.reduce(0) { $0 + $1.cpuSeconds }
    let start = MonotonicTime.now
    let (ours, rate) = try EchoTimes.pingAmongOthers(bench, ofType: Self.otherType)
    let used = programs.reduce(-before) { $0 + $1.cpuSeconds } / (MonotonicTime.now - start)
    for client in programs.dropFirst() {
      client.send(15)
      _ = try client.end(within: 5)
    }
    try product.stop(daemon)
    let isSlow = !bench.isQuick && rate < 0.95 * Double(EchoTimes.otherFramesPerSecond)
    let slow = isSlow ? "the source sent \(Int(rate)) frames a second" : nil
    return [
      ours.sample(to: raw, \.p50, slow), ours.sample(to: raw, \.p99, slow),
      Sample(value: 100 * used),
    ]
  }
}

extension EchoTimes {
  fileprivate func sample(
    to raw: EchoTimes, _ time: KeyPath<EchoTimes, Double>, _ disturbance: String? = nil
  ) -> Sample {
    Sample(
      value: self[keyPath: time] / raw[keyPath: time],
      figures: ["µs": self[keyPath: time], "raw µs": raw[keyPath: time]],
      violation: missing == 0 ? nil : "\(Int(missing)) frames did not come back",
      disturbance: raw.missing == 0 ? disturbance : "the raw echo lost frames")
  }
}
