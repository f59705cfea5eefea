internal import Glibc

/// Two network namespaces and a cable between them.
///
/// The bench itself runs in the first, with interface `np0`; the far end `np1` is in the namespace
/// `wire`. `scripts/bench` makes the first namespace, so that everything is gone when it ends.
///
/// - Shape: `np0 02:00:00:00:00:0b ⇄ 02:00:00:00:00:0a np1`, MTU 1500, no offloads, no IPv6
struct Lab {
  /// The interface that the daemon and its peers use.
  static let interface = "np0"
  /// Its far end.
  static let farInterface = "np1"
  static let address = "02:00:00:00:00:0b"
  static let farAddress = "02:00:00:00:00:0a"

  /// A directory that everybody may enter, gone with the namespace.
  let directory: String
  /// The C peers' program.
  let peer: String
  /// Whether uid 0 is the machine's root, and clients can be somebody else.
  let isMachineRoot: Bool

  /// Makes the cable.
  ///
  /// - Throws: `BenchError.missing` outside a namespace of its own: an interface of the machine must
  ///   not be near.
  init(peer: String) throws(BenchError) {
    let directory = "/run/ndisprot-bench"
    try Self.checkIsAlone()
    guard unsafe access(peer, X_OK) == 0 else {
      throw .missing("no peers to measure against: they are not built")
    }
    let log = "/run/lab.err"
    try Self.mount("tmpfs", at: "/run", log: "/dev/null")
    try Self.mount("sysfs", at: "/sys", log: log)
    guard unsafe mkdir(directory, 0o755) == 0 else { throw .missing("cannot make \(directory)") }

    self.directory = directory
    self.peer = peer
    isMachineRoot = TextFile.read("/proc/self/uid_map")?.contains("4294967295") ?? false
    try layCable(log: log)
  }

  /// The words that run a command at the far end.
  func atFarEnd(_ arguments: [String]) -> [String] {
    ["ip", "netns", "exec", "wire"] + arguments
  }

  /// The words that run the peer's program in one of its roles.
  func peer(_ role: String, core: Int? = nil, _ arguments: [String]) -> [String] {
    let place = core.map { ["--core", String($0)] } ?? []
    let near = ["capture", "file", "inject", "reflect", "plain", "receive", "stream"].contains(role)
    let interface = ["--interface", near ? Self.interface : Self.farInterface]
    return [peer, role] + interface + place + arguments
  }

  /// Starts a program whose errors are kept beside its name.
  func start(_ arguments: [String], name: String) throws(BenchError) -> ChildProcess {
    try ChildProcess(arguments, errorPath: "\(directory)/\(name).err")
  }

  /// Frames that have arrived at the far end so far.
  func farEndFrameCount() throws(BenchError) -> Double {
    let child = try start(atFarEnd(["cat", "/proc/net/dev"]), name: "far-end")
    while let line = try child.nextLine(within: 5, waitingFor: "counters") {
      let words = line.split(whereSeparator: { $0 == " " || $0 == ":" })
      if words.count > 2, words[0] == Self.farInterface, let count = Double(words[2]) {
        return count
      }
    }
    throw .missing("/proc/net/dev without \(Self.farInterface)")
  }

  /// Packet sockets at the near end, whoever holds them.
  func packetSocketCount() throws(BenchError) -> Int {
    guard let text = TextFile.read("/proc/net/packet") else { throw .missing("/proc/net/packet") }
    return text.split(separator: "\n").count - 1
  }

  /// Waits until the daemon has closed its capture handle, a second after the last open.
  func waitForNoPacketSocket() throws(BenchError) {
    let deadline = MonotonicTime.now + 4
    while try packetSocketCount() > 0 {
      guard MonotonicTime.now < deadline else {
        throw .timedOut(program: "ndisprotd", waitingFor: "closed capture handle", seconds: 4)
      }
      usleep(50_000)
    }
  }

  /// Has frames of the near end delivered on a certain core; nil: where they were sent.
  func deliver(onCore core: Int?) throws(BenchError) {
    let mask = core.map { 1 << $0 } ?? 0
    let path = "/sys/class/net/\(Self.interface)/queues/rx-0/rps_cpus"
    try ChildProcess.run(
      ["sh", "-c", "echo \(String(mask, radix: 16)) > \(path)"], errorPath: "\(directory)/rps.err")
  }

  private static func checkIsAlone() throws(BenchError) {
    let lines = TextFile.read("/proc/net/dev")?.split(separator: "\n").dropFirst(2) ?? []
    let names = lines.compactMap { $0.split(separator: ":").first?.trimmingPrefix { $0 == " " } }
    guard unsafe getenv("NDISPROT_BENCH_NAMESPACE") != nil else {
      throw .missing("no right to make a network namespace (scripts/bench asks unshare for one)")
    }
    guard names.allSatisfy({ $0 == "lo" }) else {
      throw .missing("this network namespace has interfaces: \(names.joined(separator: " "))")
    }
  }

  private static func mount(_ type: String, at path: String, log: String) throws(BenchError) {
    try ChildProcess.run(["mount", "-t", type, "none", path], errorPath: log)
  }

  private func layCable(log: String) throws(BenchError) {
    let noIPv6 = ["sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1"]
    let cable =
      "link add \(Self.interface) address \(Self.address) mtu 1500 type veth "
      + "peer name \(Self.farInterface) address \(Self.farAddress) mtu 1500 netns wire"
    let near = peer("plain", [])
    let far = [peer, "plain", "--interface", Self.farInterface]
    let commands: [[String]] = [
      ["ip", "netns", "add", "wire"],
      noIPv6,
      atFarEnd(noIPv6),
      ["ip"] + cable.split(separator: " ").map(String.init),
      near,
      atFarEnd(far),
      ["ip", "link", "set", Self.interface, "up"],
      ["ip", "-n", "wire", "link", "set", Self.farInterface, "up"],
    ]
    for command in commands { try ChildProcess.run(command, errorPath: log) }
  }
}
