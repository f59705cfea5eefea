internal import Glibc

/// P11: what each session costs that does nothing.
struct Sessions: Measurement {
  private static let count = 1_000

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "P11/session", what: "memory of an idle session, 1 to \(Self.count) of them",
        unit: .kilobytes, bar: .atMost(40)),
      RowDescription(
        name: "P11/session/CPU", what: "CPU of the daemon with \(Self.count) idle sessions",
        unit: .percent, bar: .atMost(0.05)),
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let product = try bench.product.get()
    let daemon = try product.startDaemon(.latency, core: 1)
    let one = try memory(1, product, daemon)
    let many = try memory(Self.count, product, daemon)
    try product.stop(daemon)
    return [
      Sample(
        value: (many.bytes - one.bytes) / Double(Self.count - 1) / 1_024,
        figures: ["MB with 1": one.bytes * 1e-6, "MB with all": many.bytes * 1e-6]),
      Sample(value: many.cpuPercent),
    ]
  }

  private func memory(
    _ count: Int, _ product: Product, _ daemon: ChildProcess
  ) throws(BenchError) -> (bytes: Double, cpuPercent: Double) {
    let client = try product.startOwnBenchClient("sessions", [String(count)], core: 1)
    try client.event("ready", within: 20)
    let cpu = IdleTime.cpuPercent(of: daemon)
    let bytes = try ProcessMemory(of: daemon).otherBytes
    client.send(SIGTERM)
    _ = try client.end(within: 5)
    return (bytes, cpu)
  }
}

/// P11: what each binding costs that nobody has open.
struct Bindings: Measurement {
  private static let count = 64

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "P11/binding",
        what: "memory of a binding without an open, 2 to \(Self.count) of them",
        unit: .kilobytes, bar: .atMost(40)),
      RowDescription(
        name: "P11/binding/CPU", what: "CPU of the daemon with \(Self.count) bindings, no open",
        unit: .percent, bar: .atMost(0.05)),
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let few = try memory(2, bench)
    let many = try memory(Self.count, bench)
    return [
      Sample(
        value: (many.bytes - few.bytes) / Double(Self.count - 2) / 1_024,
        figures: ["MB with 2": few.bytes * 1e-6, "MB with all": many.bytes * 1e-6]),
      Sample(value: many.cpuPercent),
    ]
  }

  private func memory(
    _ count: Int, _ bench: Bench
  ) throws(BenchError) -> (bytes: Double, cpuPercent: Double) {
    let product = try bench.product.get()
    let crowd = try InterfaceCrowd(bench.lab, count: count)
    let daemon = try product.startDaemonOnAll(crowd, core: 1)
    _ = try product.waitUntilReady(daemon, within: 10)
    let cpu = IdleTime.cpuPercent(of: daemon)
    let bytes = try ProcessMemory(of: daemon).otherBytes
    try product.stop(daemon)
    try crowd.remove()
    return (bytes, cpu)
  }
}

/// P10: what the first open adds beside the kernel's ring and the receive ring.
struct OpenCost: Measurement {
  /// The receive ring's default, all of it touched once a megabyte of frames has come.
  private static let receiveRingBytes = 1_048_576.0

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "P10/open", what: "memory that the first open adds beside its two rings",
        unit: .megabytes, bar: .atMost(2))
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let product = try bench.product.get()
    let daemon = try product.startDaemon(.throughput, core: 1)
    let before = try ProcessMemory(of: daemon)
    let client = try product.startClient(
      ["read", Lab.interface, "--ethertype", "0x88b5", "--count-only", "--idle-timeout", "1"],
      core: 1)
    try client.event("reading", within: 5)
    try ReceiveRun.send(bench, count: 50_000, length: 60)
    usleep(100_000)
    let after = try ProcessMemory(of: daemon)
    try client.event("summary", within: 20)
    try client.succeed(within: 5)
    try product.stop(daemon)
    return [
      Sample(
        value: (after.otherBytes - before.otherBytes - Self.receiveRingBytes) * 1e-6,
        figures: ["kernel's ring MB": after.socketBytes * 1e-6])
    ]
  }
}

/// CPU time of a process that should have nothing to do.
enum IdleTime {
  /// Over one second, of one core.
  static func cpuPercent(of process: ChildProcess) -> Double {
    usleep(300_000)
    let before = process.cpuSeconds
    usleep(1_000_000)
    return (process.cpuSeconds - before) * 100
  }
}
