internal import Glibc

/// P7: how fast a full ring is emptied: frames queue while the capturing process is stopped.
///
/// On veth the kernel limits what is received; this shows what user space could carry. Time runs from the
/// SIGCONT to the last frame in the reader's hands: who begins late, or in a small way, has no advantage.
struct Drain: Measurement {
  let frameByteCount: Int

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "P7/\(frameByteCount)",
        what: "drain of a full ring, \(frameByteCount) B : C capture, stream socket, C client",
        unit: .ratio, bar: .atLeast(frameByteCount == 60 ? 1.0 : 0.8))
    ]
  }

  /// What fits the ring: blocks of 256 KiB are retired each millisecond, full or not, and there are 64.
  ///
  /// A slow machine sends 400,000 a second.
  private var count: Int { frameByteCount == 60 ? 20_000 : 6_000 }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let peer = try bench.lab.start(
      bench.lab.peer("stream", core: ReceiveRun.receiverCore, []), name: "stream")
    try peer.event("ready", within: 5)
    let theirs = try drain(bench, stopping: peer, reader: peer)
    try peer.succeed(within: 5)

    let product = try bench.product.get()
    let daemon = try product.startDaemon(.throughput, core: ReceiveRun.receiverCore)
    let client = try product.startBenchClient("drain", core: ReceiveRun.receiverCore)
    try client.event("ready", within: 5)
    let ours = try drain(bench, stopping: daemon, reader: client)
    try client.succeed(within: 5)
    try product.stop(daemon)
    return [
      Sample(
        value: ours.framesPerSecond / theirs.framesPerSecond,
        figures: [
          "Mpps": ours.framesPerSecond * 1e-6, "peer Mpps": theirs.framesPerSecond * 1e-6,
          "lost": ours.lost, "peer lost": theirs.lost,
        ],
        violation: ours.lost == 0 ? nil : "\(Int(ours.lost)) frames lost",
        disturbance: theirs.lost == 0 ? nil : "the peer lost \(Int(theirs.lost)) frames")
    ]
  }

  private func drain(
    _ bench: Bench, stopping capturer: ChildProcess, reader: ChildProcess
  ) throws(BenchError) -> (framesPerSecond: Double, lost: Double) {
    capturer.send(SIGSTOP)
    let sent = try ReceiveRun.send(bench, count: count, length: frameByteCount).frames
    let start = MonotonicTime.now
    capturer.send(SIGCONT)
    let summary = try reader.event("summary", within: 10)
    guard let frames = summary.frames, let last = summary.lastNanoseconds, last * 1e-9 > start
    else {
      throw .notUnderstood(program: reader.name, line: "a summary without frames or an end")
    }
    return (frames / (last * 1e-9 - start), sent - frames)
  }
}
