internal import Glibc

/// P10 and P12: what a daemon costs that binds an interface while nobody has it open.
struct Idle: Measurement {
  var rows: [RowDescription] {
    [
      RowDescription(
        name: "P10/memory", what: "resident memory of the daemon, no open", unit: .megabytes,
        bar: .atMost(13)),
      RowDescription(
        name: "P10/CPU", what: "CPU of the daemon, no open", unit: .percent, bar: .atMost(0.05)),
      RowDescription(
        name: "P12", what: "packet sockets of a bound interface without an open", unit: .count,
        bar: .atMost(0)),
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let product = try bench.product.get()
    let daemon = try product.startDaemon(.throughput, core: 1)
    usleep(300_000)

    let cpuBefore = daemon.cpuSeconds
    let seconds = bench.isQuick ? 0.3 : 2.0
    usleep(UInt32(seconds * 1e6))
    let cpu = daemon.cpuSeconds - cpuBefore
    let status = daemon.procPath + "/status"
    let privateKilobytes = TextFile.number(
      after: "Private_Dirty:", in: daemon.procPath + "/smaps_rollup")
    guard let kilobytes = TextFile.number(after: "VmRSS:", in: status) else {
      throw .missing("\(status) without VmRSS")
    }
    let sockets = try bench.lab.packetSocketCount()
    let threads = TextFile.number(after: "Threads:", in: status)
    try product.stop(daemon)
    return [
      Sample(
        value: kilobytes * 1_024e-6,
        figures: ["private MB": (privateKilobytes ?? 0) * 1_024e-6, "threads": threads ?? 0]),
      Sample(value: cpu / seconds * 100),
      Sample(value: Double(sockets)),
    ]
  }
}
