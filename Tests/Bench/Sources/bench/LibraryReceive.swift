internal import Glibc

/// Programs in C: `ndisprot_dispatch` beside the Swift client, the same frames through the same daemon.
struct LibraryReceive: Measurement {
  let profile: Product.Profile

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "c/read/\(profile.rawValue)",
        what: "receive 60 B, \(profile.rawValue), 0 lost, C library : the Swift client",
        unit: .ratio, bar: .atLeast(0.95)),
      RowDescription(
        name: "c/cpu/\(profile.rawValue)",
        what: "CPU of daemon and C client, 60 B, \(profile.rawValue) : with the Swift client",
        unit: .ratio, bar: nil),
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let product = try bench.product.get()
    let path = product.libraryProgramPath
    guard unsafe access(path, X_OK) == 0 else {
      throw .missing("no \(path): scripts/library and gcc make it")
    }
    let program = "\(product.lab.directory)/receive"
    try ChildProcess.run(
      ["install", "-m", "755", path, program], errorPath: "\(product.lab.directory)/install")
    let count = bench.frameCount(1_200_000)
    let swift = try ReceiveRun.product(bench, profile: profile, count: count, length: 60)

    let daemon = try product.startDaemon(profile, core: ReceiveRun.receiverCore)
    let client = try product.startUnprivileged(
      ["env", "NDISPROT_SOCKET=\(product.socket)", program, Lab.interface],
      core: ReceiveRun.receiverCore)
    let ours = try ReceiveRun.client(
      bench, daemon, client, ready: "ready", count: count, length: 60)
    try product.stop(daemon)

    return [
      Sample(
        value: ours.framesPerSecond / swift.framesPerSecond,
        figures: [
          "Mpps": ours.framesPerSecond * 1e-6, "Swift Mpps": swift.framesPerSecond * 1e-6,
          "lost": ours.lostCount, "Swift lost": swift.lostCount,
        ],
        violation: ours.lostCount == 0 ? nil : "\(Int(ours.lostCount)) frames lost",
        disturbance: swift.lostCount == 0 ? nil : "the Swift client lost frames"),
      Sample(value: ours.cpuSecondsPerMillion / swift.cpuSecondsPerMillion),
    ]
  }
}
