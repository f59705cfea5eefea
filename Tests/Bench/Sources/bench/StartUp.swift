internal import Glibc

/// P10: how long a daemon takes to be ready, with few interfaces to bind and with many.
struct StartUp: Measurement {
  let interfaceCount: Int

  var rows: [RowDescription] {
    [
      RowDescription(
        name: "P10/start/\(interfaceCount)",
        what: "start to ready, \(interfaceCount) interfaces to bind", unit: .milliseconds,
        bar: .atMost(interfaceCount <= 2 ? 50 : 2_000))
    ]
  }

  func round(_ bench: Bench) throws(BenchError) -> [Sample] {
    let product = try bench.product.get()
    let crowd = try InterfaceCrowd(bench.lab, count: interfaceCount)
    let started = MonotonicTime.now
    let daemon = try product.startDaemonOnAll(crowd, core: 1)
    let ready = try product.waitUntilReady(daemon, within: 20)
    try product.stop(daemon)
    try crowd.remove()
    return [Sample(value: (ready - started) * 1_000)]
  }
}

/// Interfaces in a namespace of their own: the ends of veth pairs, all down; an even number of them.
struct InterfaceCrowd {
  private static let namespace = "crowd"
  private let lab: Lab

  init(_ lab: Lab, count: Int) throws(BenchError) {
    self.lab = lab
    let log = "\(lab.directory)/crowd.err"
    let script = "\(lab.directory)/crowd.ip"
    let lines = (0..<count / 2).map { "link add near\($0) type veth peer name far\($0)\n" }
    try TextFile.write(lines.joined(), to: script)
    try ChildProcess.run(["ip", "netns", "add", Self.namespace], errorPath: log)
    try ChildProcess.run(["ip", "-n", Self.namespace, "-batch", script], errorPath: log)
  }

  /// The words that run a command among them.
  func inside(_ arguments: [String]) -> [String] {
    ["ip", "netns", "exec", Self.namespace] + arguments
  }

  /// Takes them away again.
  func remove() throws(BenchError) {
    try ChildProcess.run(
      ["ip", "netns", "del", Self.namespace], errorPath: "\(lab.directory)/crowd.err")
  }
}
