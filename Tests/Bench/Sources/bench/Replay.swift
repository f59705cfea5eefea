/// Sending a capture file as fast as it goes, beside our own `write` and tcpreplay as root.
struct Replay: Measurement {
  private static let clientCore = 1

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "replay/60", what: "replay 60 B at topspeed, all arrived : our own write",
        unit: .ratio, bar: .atLeast(0.95)),
      RowDescription(
        name: "replay/60/tcpreplay", what: "the same : tcpreplay --preload-pcap -t",
        unit: .ratio, bar: .atLeast(1)),
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let count = bench.frameCount(1_200_000)
    let path = try bench.frameFile(count: count, framesPerSecond: 0)
    let theirs = try Self.tcpreplay(
      bench, ["--preload-pcap", "-t", path], core: Transmit.daemonCore)
    let product = try bench.product.get()
    let daemon = try product.startDaemon(.throughput, core: Transmit.daemonCore)
    let written = try Transmit(frameByteCount: 60).runProduct(bench, daemon, count: count)
    let before = try bench.lab.farEndFrameCount()
    let client = try product.startClient(
      ["replay", path, Lab.interface, "--pace", "topspeed", "--rewrite-source"],
      core: Self.clientCore)
    let summary = try client.event("summary", within: 30)
    try client.succeed(within: 5)
    let arrived = try bench.lab.farEndFrameCount() - before
    try product.stop(daemon)
    guard let sent = summary.sent, let elapsed = summary.elapsedSeconds, elapsed > 0 else {
      throw .notUnderstood(program: client.name, line: "a summary without sent or elapsedSeconds")
    }
    let rate = sent / elapsed
    let violation = arrived == Double(count) ? nil : "\(Int(arrived)) of \(count) frames arrived"
    return [
      Sample(
        value: rate / written.framesPerSecond,
        figures: ["Mpps": rate * 1e-6, "write Mpps": written.framesPerSecond * 1e-6],
        violation: violation),
      Sample(
        value: rate / theirs, figures: ["Mpps": rate * 1e-6, "tcpreplay Mpps": theirs * 1e-6],
        violation: violation),
    ]
  }

  /// Runs tcpreplay.
  ///
  /// - Returns: frames a second, as it says
  @discardableResult
  static func tcpreplay(
    _ bench: Bench, _ arguments: [String], core: Int
  ) throws(BenchError) -> Double {
    let child = try bench.lab.start(
      Product.place(core) + ["tcpreplay", "-i", Lab.interface] + arguments, name: "tcpreplay")
    var rate: Double?
    // Rated: 58823529.4 Bps, 470.58 Mbps, 980392.15 pps
    while let line = try child.nextLine(within: 30, waitingFor: "its figures") {
      let words = line.split(separator: " ")
      if words.last == "pps", words.count > 1 { rate = Double(words[words.count - 2]) }
    }
    try child.succeed(within: 5)
    guard let rate else { throw .notUnderstood(program: "tcpreplay", line: child.lastWords) }
    return rate
  }
}

/// How exactly a file of a frame a millisecond is sent, beside tcpreplay, by time stamps at the far end.
struct ReplayPace: Measurement {
  private static let framesPerSecond = 1_000

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "replay/pace", what: "how late frames of 1,000 a second are sent, p99 : tcpreplay",
        unit: .ratio, bar: .atMost(1))
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let count = bench.frameCount(4_000)
    let path = try bench.frameFile(count: count, framesPerSecond: Self.framesPerSecond)
    let theirs = try measure(bench, count: count) { () throws(BenchError) in
      try Replay.tcpreplay(bench, [path], core: 0)
    }
    let product = try bench.product.get()
    let daemon = try product.startDaemon(.latency, core: 0)
    let ours = try measure(bench, count: count) { () throws(BenchError) in
      let client = try product.startClient(
        ["replay", path, Lab.interface, "--rewrite-source"], core: 1)
      try client.event("summary", within: 30)
      try client.succeed(within: 5)
    }
    try product.stop(daemon)
    guard let own = ours.p99Microseconds, let other = theirs.p99Microseconds, other > 0 else {
      throw .notUnderstood(program: "pace", line: "a summary without times")
    }
    return [
      Sample(
        value: own / other,
        figures: [
          "µs": own, "tcpreplay µs": other, "p50 µs": ours.p50Microseconds ?? 0,
          "tcpreplay p50 µs": theirs.p50Microseconds ?? 0,
        ],
        violation: ours.frames == Double(count) ? nil : "frames are missing",
        disturbance: theirs.frames == Double(count) ? nil : "tcpreplay's frames are missing")
    ]
  }

  private func measure(
    _ bench: Bench, count: Int, _ send: () throws(BenchError) -> Void
  ) throws(BenchError) -> Summary {
    let witness = try bench.lab.start(
      bench.lab.atFarEnd(
        bench.lab.peer(
          "pace",
          [
            "--count", String(count), "--rate", String(Self.framesPerSecond), "--immediate",
            "--idle-seconds", "1", "--seconds", "30",
          ])), name: "pace")
    try witness.event("ready", within: 5)
    try send()
    let summary = try witness.event("summary", within: 10)
    try witness.succeed(within: 5)
    return summary
  }
}

extension Bench {
  /// Makes a pcap file of numbered frames of 60 bytes; rate 0 is as close as may be.
  fileprivate func frameFile(count: Int, framesPerSecond: Int) throws(BenchError) -> String {
    let path = "\(lab.directory)/frames-\(framesPerSecond).pcap"
    let words = lab.peer(
      "file",
      [
        "--count", String(count), "--rate", String(framesPerSecond), "--destination",
        Lab.farAddress,
      ])
    try ChildProcess.run(
      ["sh", "-c", "\"$@\" >'\(path)'", "sh"] + words, errorPath: "\(lab.directory)/file.err")
    return path
  }
}
