/// P1, P2 and P4: receiving at the source's full speed, beside a C loop run as root.
struct Receive: Measurement {
  let profile: Product.Profile
  let frameByteCount: Int
  /// Whether the kernel delivers frames on the receivers' core, and not on the source's.
  var isSoftirqOnReceiverCore = false

  var rows: [RowDescription] {
    let frames = "\(frameByteCount) B"
    let blocks = "C pcap_dispatch loop, V3 blocks"
    switch profile {
    case .throughput where isSoftirqOnReceiverCore:
      return [
        RowDescription(
          name: "P1b/\(frameByteCount)",
          what: "the same, softirq on the receivers' core (rps_cpus), \(frames)",
          unit: .ratio, bar: .atLeast(0.90)),
        RowDescription(
          name: "P4/softirq", what: "CPU of daemon and client there, \(frames)",
          unit: .secondsPerMillion, bar: nil),
      ]
    case .throughput:
      var rows = [
        RowDescription(
          name: "P1/\(frameByteCount)", what: "receive \(frames), throughput, 0 lost : \(blocks)",
          unit: .ratio, bar: .atLeast(frameByteCount == 60 ? 0.97 : 0.92))
      ]
      if frameByteCount == 60 {
        rows.append(
          RowDescription(
            name: "P4/throughput", what: "CPU of daemon and client, \(frames)",
            unit: .secondsPerMillion, bar: .atMost(0.10)))
      }
      return rows
    case .latency, .realtime:
      return [
        RowDescription(
          name: "P2/\(frameByteCount)", what: "receive \(frames), latency, 0 lost : \(blocks)",
          unit: .ratio, bar: .atLeast(frameByteCount == 60 ? 0.78 : 0.88)),
        RowDescription(
          name: "P2/\(frameByteCount)/immediate",
          what: "receive \(frames), latency : C pcap_dispatch loop, immediate",
          unit: .ratio, bar: frameByteCount == 60 ? .atLeast(1.4) : nil),
        RowDescription(
          name: "P4/latency/\(frameByteCount)", what: "CPU of daemon and client, \(frames)",
          unit: .secondsPerMillion, bar: frameByteCount == 60 ? .atMost(0.8) : nil),
      ]
    }
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    if isSoftirqOnReceiverCore { try bench.lab.deliver(onCore: ReceiveRun.receiverCore) }
    defer { if isSoftirqOnReceiverCore { try? bench.lab.deliver(onCore: nil) } }
    let count = bench.frameCount(frameByteCount == 60 ? 1_200_000 : 900_000)
    let peer = try ReceiveRun.peer(bench, count: count, length: frameByteCount)
    let ours = try ReceiveRun.product(
      bench, profile: profile, count: count, length: frameByteCount)
    let cpu = Sample(
      value: ours.cpuSecondsPerMillion, figures: ["peer s/M": peer.cpuSecondsPerMillion],
      violation: nil)

    switch profile {
    case .throughput:
      return [sample(ours, peer), cpu].prefix(rows.count).map { $0 }
    case .latency, .realtime:
      let immediate = try ReceiveRun.peer(
        bench, count: count, length: frameByteCount, immediate: true)
      return [sample(ours, peer), sample(ours, immediate), cpu]
    }
  }

  private func sample(_ ours: ReceiveRun, _ peer: ReceiveRun) -> Sample {
    Sample(
      value: ours.framesPerSecond / peer.framesPerSecond,
      figures: [
        "Mpps": ours.framesPerSecond * 1e-6, "peer Mpps": peer.framesPerSecond * 1e-6,
        "lost": ours.lostCount, "peer lost": peer.lostCount,
      ],
      violation: ours.lostCount == 0 ? nil : "\(Int(ours.lostCount)) frames lost",
      disturbance: peer.lostCount == 0 ? nil : "the peer lost \(Int(peer.lostCount)) frames")
  }
}

/// Two runs of the same C loop: how far apart equal things are on this machine today.
struct Control: Measurement {
  var rows: [RowDescription] {
    [
      RowDescription(
        name: "control", what: "C pcap_dispatch loop, 60 B : the same again", unit: .ratio, bar: nil
      )
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let count = bench.frameCount(1_200_000)
    let first = try ReceiveRun.peer(bench, count: count, length: 60)
    let second = try ReceiveRun.peer(bench, count: count, length: 60)
    return [
      Sample(
        value: second.framesPerSecond / first.framesPerSecond,
        figures: [
          "Mpps": second.framesPerSecond * 1e-6, "peer Mpps": first.framesPerSecond * 1e-6,
          "lost": second.lostCount, "peer lost": first.lostCount,
        ],
        disturbance: first.lostCount + second.lostCount == 0 ? nil : "the peers lost frames")
    ]
  }
}
