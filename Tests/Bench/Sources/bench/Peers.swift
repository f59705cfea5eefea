/// What else a program could do: other C peers beside those that the rows are held against.
struct OtherPeers: Measurement {
  var rows: [RowDescription] {
    [
      row("peer/recvmmsg", "receive 60 B, C recvmmsg on a packet socket : C V3 loop"),
      row("peer/stream", "receive 60 B, C capture, stream socket, C client : C V3 loop"),
      row("peer/sendmmsg", "transmit 60 B, C sendmmsg : C pcap_inject loop"),
    ]
  }

  private func row(_ name: String, _ what: String) -> RowDescription {
    RowDescription(name: name, what: what, unit: .ratio, bar: nil)
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let count = bench.frameCount(1_200_000)
    let loop = try ReceiveRun.peer(bench, count: count, length: 60)
    let calls = try ReceiveRun.peer(bench, role: "receive", count: count, length: 60)
    let stream = try ReceiveRun.peer(bench, role: "stream", count: count, length: 60)
    let transmit = Transmit(frameByteCount: 60)
    let inject = try transmit.runPeer(bench, "inject", count: count)
    let batches = try transmit.runPeer(bench, "source", count: count)
    return [
      sample(calls, loop), sample(stream, loop),
      Sample(
        value: batches.framesPerSecond / inject.framesPerSecond,
        figures: [
          "Mpps": batches.framesPerSecond * 1e-6, "peer Mpps": inject.framesPerSecond * 1e-6,
        ]),
    ]
  }

  private func sample(_ run: ReceiveRun, _ loop: ReceiveRun) -> Sample {
    Sample(
      value: run.framesPerSecond / loop.framesPerSecond,
      figures: [
        "Mpps": run.framesPerSecond * 1e-6, "s/M": run.cpuSecondsPerMillion,
        "lost": run.lostCount, "peer s/M": loop.cpuSecondsPerMillion,
      ],
      disturbance: loop.lostCount == 0 ? nil : "the C loop lost frames")
  }
}
