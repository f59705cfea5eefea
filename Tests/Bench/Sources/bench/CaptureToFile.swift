internal import Glibc

/// Frames into a file in memory, as fast as nothing is lost, beside dumpcap as root.
///
/// Both are sent the source's full speed first, and less and less until all of it is in the file.
struct CaptureToFile: Measurement {
  private static let core = ReceiveRun.receiverCore
  /// How much less each time, and how often at most.
  private static let step = 0.9
  private static let steps = 12

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "capture/60", what: "capture 60 B to a file, highest rate with 0 lost : dumpcap",
        unit: .ratio, bar: .atLeast(0.95)),
      RowDescription(
        name: "capture/60/CPU", what: "CPU of daemon and client a frame there : dumpcap's",
        unit: .ratio, bar: .atMost(1.3)),
    ]
  }

  /// What one rate came to.
  private struct Run {
    let sent: ReceiveRun.Sent
    let written: Double
    let cpuSeconds: Double

    var isLossless: Bool { written == sent.frames }
    var cpuSecondsPerMillion: Double { cpuSeconds / max(1, written) * 1e6 }
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let count = bench.frameCount(600_000)
    let theirs = try highest { rate throws(BenchError) in
      try dumpcap(bench, count: count, rate: rate)
    }
    let ours = try highest { rate throws(BenchError) in
      try product(bench, count: count, rate: rate)
    }
    let figures = [
      "Mpps": ours.sent.framesPerSecond * 1e-6, "dumpcap Mpps": theirs.sent.framesPerSecond * 1e-6,
      "s/M": ours.cpuSecondsPerMillion, "dumpcap s/M": theirs.cpuSecondsPerMillion,
    ]
    let violation = ours.isLossless ? nil : "frames were lost at every rate"
    let disturbance = theirs.isLossless ? nil : "dumpcap lost frames at every rate"
    return [
      Sample(
        value: ours.sent.framesPerSecond / theirs.sent.framesPerSecond, figures: figures,
        violation: violation, disturbance: disturbance),
      Sample(
        value: ours.cpuSecondsPerMillion / theirs.cpuSecondsPerMillion, figures: figures,
        violation: violation, disturbance: disturbance),
    ]
  }

  private func highest(
    _ run: (Int) throws(BenchError) -> Run
  ) throws(BenchError) -> Run {
    var last = try run(0)
    for _ in 0..<Self.steps where !last.isLossless {
      last = try run(Int(last.sent.framesPerSecond * Self.step))
    }
    return last
  }

  private func product(_ bench: Bench, count: Int, rate: Int) throws(BenchError) -> Run {
    let path = "\(bench.lab.directory)/files/own.pcapng"
    try prepare(bench, path)
    let product = try bench.product.get()
    let daemon = try product.startDaemon(.throughput, core: Self.core)
    let client = try product.startClient(
      ["capture", Lab.interface, "-w", path, "--ethertype", "0x88b5", "--direction", "in"],
      core: Self.core)
    try client.event("capturing", within: 5)
    let before = daemon.cpuSeconds + client.cpuSeconds
    let sent = try ReceiveRun.send(bench, count: count, length: 60, framesPerSecond: rate)
    usleep(300_000)
    let cpuSeconds = daemon.cpuSeconds + client.cpuSeconds - before
    client.send(SIGINT)
    let summary = try client.event("summary", within: 10)
    try client.succeed(within: 5)
    try product.stop(daemon)
    return Run(sent: sent, written: summary.frames ?? 0, cpuSeconds: cpuSeconds)
  }

  private func dumpcap(_ bench: Bench, count: Int, rate: Int) throws(BenchError) -> Run {
    let path = "\(bench.lab.directory)/files/dumpcap.pcapng"
    try prepare(bench, path)
    // As much room as the daemon's ring has.
    let child = try bench.lab.start(
      Product.place(Self.core)
        + ["dumpcap", "-q", "-p", "-B", "16", "-i", Lab.interface, "-w", path]
        + ["-f", "ether proto 0x88b5"],
      name: "dumpcap")
    try child.says("File: ", within: 5)
    let before = child.cpuSeconds
    let sent = try ReceiveRun.send(bench, count: count, length: 60, framesPerSecond: rate)
    usleep(300_000)
    let cpuSeconds = child.cpuSeconds - before
    child.send(SIGINT)
    try child.succeed(within: 10)
    // Packets captured: 30000
    let words = TextFile.read(child.errorPath)?.split(separator: "Packets captured: ") ?? []
    guard words.count == 2, let written = Double(words[1].prefix(while: \.isNumber)) else {
      throw .notUnderstood(program: "dumpcap", line: child.lastWords)
    }
    return Run(sent: sent, written: written, cpuSeconds: cpuSeconds)
  }

  private func prepare(_ bench: Bench, _ path: String) throws(BenchError) {
    let folder = "\(bench.lab.directory)/files"
    unsafe mkdir(folder, 0o777)
    // The client is another user.
    unsafe chmod(folder, 0o777)
    unsafe unlink(path)
  }
}

extension ChildProcess {
  /// Waits until it has written some words to standard error.
  func says(_ words: String, within seconds: Double) throws(BenchError) {
    let deadline = MonotonicTime.now + seconds
    while TextFile.read(errorPath)?.contains(words) != true {
      guard !hasEnded else {
        throw .failed(program: name, exitCode: try end(within: 1).exitCode, lastWords: lastWords)
      }
      guard MonotonicTime.now < deadline else {
        throw .timedOut(program: name, waitingFor: words, seconds: seconds)
      }
      usleep(5_000)
    }
  }
}
