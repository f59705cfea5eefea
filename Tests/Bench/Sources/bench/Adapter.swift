internal import Glibc

// A C program inside `ndisprotctl run`, beside a client that knows the daemon.
//
// Three processes share two cores here, so none is bound to one: the kernel places them in both.

extension Product {
  /// Makes a tun node that the client may open, where this is the machine's root; elsewhere the form is veth.
  func openTunDevice() throws(BenchError) {
    guard lab.isMachineRoot, unsafe access("\(lab.directory)/tun", F_OK) != 0 else { return }
    let log = "\(lab.directory)/tun.err"
    try ChildProcess.run(["mount", "-t", "tmpfs", "none", "/dev/net"], errorPath: log)
    try ChildProcess.run(["mknod", "-m", "666", "/dev/net/tun", "c", "10", "200"], errorPath: log)
    try TextFile.write("", to: "\(lab.directory)/tun")
  }

  /// Starts a program on an adapter, as a user without any capability.
  func startInside(
    _ program: [String], etherTypes: [String] = ["0x88b5"]
  ) throws(BenchError) -> ChildProcess {
    try openTunDevice()
    let types = etherTypes.flatMap { ["--ethertype", $0] }
    return try startUnprivileged(
      [clientPath, "--socket", socket, "run"] + types + [Lab.interface, "--"] + program, core: nil)
  }

  /// The words that run the peer's program in one of its roles, where every user may run it.
  func insidePeer(_ role: String, _ arguments: [String]) -> [String] {
    [peerPath, role, "--interface", Lab.interface] + arguments
  }
}

/// Receiving inside of a run.
struct AdapterReceive: Measurement {
  let profile: Product.Profile
  let frameByteCount: Int

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "run/receive/\(frameByteCount)/\(profile.rawValue)",
        what: "receive \(frameByteCount) B in run, \(profile.rawValue), 0 lost : the native client",
        unit: .ratio, bar: .atLeast(0.80))
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let product = try bench.product.get()
    let count = bench.frameCount(600_000)
    let native = try run(bench, product, count: count) { () throws(BenchError) in
      (
        try product.startClient(
          [
            "read", Lab.interface, "--ethertype", "0x88b5", "--count-only", "--idle-timeout", "0.5",
          ],
          core: nil), "reading"
      )
    }
    let ours = try run(bench, product, count: count) { () throws(BenchError) in
      (
        try product.startInside(
          product.insidePeer("capture", ["--ethertype", "0x88b5", "--idle-seconds", "0.5"])),
        "ready"
      )
    }
    let lost = Double(count) - ours.frames
    return [
      Sample(
        value: ours.framesPerSecond / native.framesPerSecond,
        figures: [
          "Mpps": ours.framesPerSecond * 1e-6, "native Mpps": native.framesPerSecond * 1e-6,
          "lost": lost,
        ],
        violation: lost == 0 ? nil : "\(Int(lost)) frames lost",
        disturbance: native.frames == Double(count) ? nil : "the native client lost frames")
    ]
  }

  private func run(
    _ bench: Bench, _ product: Product, count: Int,
    _ start: () throws(BenchError) -> (ChildProcess, ready: String)
  ) throws(BenchError) -> (frames: Double, framesPerSecond: Double) {
    let daemon = try product.startDaemon(profile, core: nil)
    let (receiver, ready) = try start()
    try receiver.event(ready, within: 10)
    // A filter that was asked for last is set by then.
    usleep(200_000)
    let source = try bench.lab.start(
      bench.lab.atFarEnd(
        bench.lab.peer(
          "source",
          [
            "--count", String(count), "--length", String(frameByteCount), "--destination",
            Lab.address,
          ])),
      name: "source")
    try source.event("summary", within: 20)
    try source.succeed(within: 5)
    let summary = try receiver.event("summary", within: 20)
    try receiver.succeed(within: 5)
    try product.stop(daemon)
    guard let frames = summary.frames, let elapsed = summary.elapsedSeconds, elapsed > 0 else {
      throw .notUnderstood(
        program: receiver.name, line: "a summary without frames or elapsedSeconds")
    }
    return (frames, frames / elapsed)
  }
}

/// Sending inside of a run: sendmmsg on a packet socket, again after ENOBUFS.
struct AdapterTransmit: Measurement {
  let frameByteCount: Int

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "run/transmit/\(frameByteCount)",
        what: "transmit \(frameByteCount) B in run, all arrived : the native client",
        unit: .ratio, bar: .atLeast(frameByteCount == 60 ? 0.65 : 0.60))
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let product = try bench.product.get()
    let count = bench.frameCount(600_000)
    let (frames, length) = (String(count), String(frameByteCount))
    let native = try run(bench, product) { () throws(BenchError) in
      try product.startClient(
        ["write", Lab.interface, "-n", frames, "-l", length, "--ethertype", "0x88b5"]
          + ["--dst", Lab.farAddress, "--batch", frameByteCount == 60 ? "512" : "64"],
        core: nil)
    }
    let ours = try run(bench, product) { () throws(BenchError) in
      try product.startInside(
        product.insidePeer(
          "source", ["--count", frames, "--length", length, "--destination", Lab.farAddress]))
    }
    return [
      Sample(
        value: native.seconds / ours.seconds,
        figures: [
          "Mpps": Double(count) / ours.seconds * 1e-6,
          "native Mpps": Double(count) / native.seconds * 1e-6,
        ],
        violation: ours.arrived == Double(count)
          ? nil : "\(Int(ours.arrived)) of \(count) frames arrived",
        disturbance: native.arrived == Double(count) ? nil : "the native client lost frames")
    ]
  }

  private func run(
    _ bench: Bench, _ product: Product, _ start: () throws(BenchError) -> ChildProcess
  ) throws(BenchError) -> (seconds: Double, arrived: Double) {
    let daemon = try product.startDaemon(.throughput, core: nil)
    let before = try bench.lab.farEndFrameCount()
    let sender = try start()
    let summary = try sender.event("summary", within: 30)
    try sender.succeed(within: 5)
    let arrived = try bench.lab.farEndFrameCount() - before
    try product.stop(daemon)
    guard let seconds = summary.elapsedSeconds, seconds > 0 else {
      throw .notUnderstood(program: sender.name, line: "a summary without elapsedSeconds")
    }
    return (seconds, arrived)
  }
}

/// One frame over the wire and back, by a program inside of a run and by a native client.
struct AdapterEcho: Measurement {
  var rows: [RowDescription] {
    [
      RowDescription(
        name: "run/echo", what: "wire echo in run, p50, beyond the native client's",
        unit: .microseconds, bar: .atMost(30))
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let product = try bench.product.get()
    let native = try run(bench, product) { () throws(BenchError) in
      try product.startUnprivileged(
        [product.benchClientPath, "reflect", product.socket, Lab.interface], core: nil)
    }
    let ours = try run(bench, product) { () throws(BenchError) in
      try product.startInside(product.insidePeer("reflect", []), etherTypes: ["0x88b5", "0x88b6"])
    }
    return [
      Sample(
        value: ours.p50 - native.p50, figures: ["µs": ours.p50, "native µs": native.p50],
        violation: ours.missing == 0 ? nil : "\(Int(ours.missing)) frames did not come back",
        disturbance: native.missing == 0 ? nil : "the native echo lost frames")
    ]
  }

  private func run(
    _ bench: Bench, _ product: Product, _ start: () throws(BenchError) -> ChildProcess
  ) throws(BenchError) -> (p50: Double, missing: Double) {
    let daemon = try product.startDaemon(.latency, core: nil)
    let reflector = try start()
    try reflector.event("ready", within: 10)
    usleep(200_000)
    let ping = try bench.lab.start(
      bench.lab.atFarEnd(
        bench.lab.peer(
          "ping", ["--count", String(bench.frameCount(3_000)), "--destination", Lab.address])),
      name: "ping")
    let summary = try ping.event("summary", within: 20)
    try ping.succeed(within: 5)
    reflector.send(15)
    _ = try reflector.end(within: 5)
    try product.stop(daemon)
    guard let p50 = summary.p50Microseconds else {
      throw .notUnderstood(program: ping.name, line: "a summary without times")
    }
    return (p50, summary.missing ?? 0)
  }
}

/// What a run costs before and beside its frames.
struct AdapterCost: Measurement {
  var rows: [RowDescription] {
    [
      RowDescription(
        name: "run/start", what: "start of run to the program's first line",
        unit: .milliseconds, bar: .atMost(60)),
      RowDescription(
        name: "run/CPU", what: "CPU of the pump, nothing to do", unit: .percent, bar: .atMost(0.05)),
      RowDescription(
        name: "run/memory", what: "private memory of the pump", unit: .megabytes, bar: .atMost(3)),
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let product = try bench.product.get()
    let daemon = try product.startDaemon(.latency, core: nil)
    let script = "echo '{\"event\":\"ready\"}'; exec sleep 60"
    try product.openTunDevice()
    let started = MonotonicTime.now
    let run = try product.startInside(["sh", "-c", script])
    try run.event("ready", within: 10)
    let startSeconds = MonotonicTime.now - started
    usleep(300_000)
    let cpuBefore = run.cpuSeconds
    let seconds = bench.isQuick ? 0.3 : 2.0
    usleep(UInt32(seconds * 1e6))
    let cpu = run.cpuSeconds - cpuBefore
    // Not "Private_Dirty:": pages of the program's file are among those where it lies on a tmpfs.
    let rollup = run.procPath + "/smaps_rollup"
    let anonymous = TextFile.number(after: "Anonymous:", in: rollup)
    run.send(SIGTERM)
    _ = try run.end(within: 5)
    try product.stop(daemon)
    guard let anonymous else { throw .missing("\(rollup) without Anonymous") }
    return [
      Sample(value: startSeconds * 1_000), Sample(value: cpu / seconds * 100),
      Sample(value: anonymous * 1_024e-6),
    ]
  }
}
