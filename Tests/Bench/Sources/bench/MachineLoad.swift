internal import Glibc

/// How busy the machine is with what is not ours, by the counters of `/proc/stat`.
struct MachineLoad {
  private let total: Double
  private let idle: Double
  private let stolen: Double

  /// The counters now; zeros where there is no /proc/stat.
  static var now: MachineLoad {
    // cpu user nice system idle iowait irq softirq steal guest guest_nice; guests are in user.
    let line = TextFile.read("/proc/stat")?.split(separator: "\n").first ?? ""
    let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
    guard ticks.count == 8 else { return MachineLoad(total: 0, idle: 0, stolen: 0) }
    return MachineLoad(total: ticks.reduce(0, +), idle: ticks[3] + ticks[4], stolen: ticks[7])
  }

  /// Time that the host gave to others since then, of all cores' time.
  func stolenShare(since earlier: MachineLoad) -> Double {
    share(stolen - earlier.stolen, since: earlier)
  }

  /// Time that was not idle since then, of all cores' time.
  func busyShare(since earlier: MachineLoad) -> Double {
    1 - share(idle - earlier.idle, since: earlier)
  }

  private func share(_ ticks: Double, since earlier: MachineLoad) -> Double {
    total > earlier.total ? ticks / (total - earlier.total) : 0
  }

  /// Waits, at most 5 s, until nobody else works.
  ///
  /// - Returns: what disturbs; nil on a quiet machine.
  static func waitForQuiet() -> String? {
    let most = 0.10
    var busy = 1.0
    for _ in 0..<20 {
      let before = now
      usleep(250_000)
      busy = now.busyShare(since: before)
      if busy <= most { return nil }
    }
    return "others use \(Int(busy * 100)) % of the cores"
  }

  /// What disturbed a round that began at `earlier`; nil if nothing did.
  static func disturbance(since earlier: MachineLoad) -> String? {
    let stolen = now.stolenShare(since: earlier)
    return stolen > 0.03 ? "the host took \(Int(stolen * 100)) % of the cores" : nil
  }
}

/// Where the figures come from.
struct Machine: Codable, Equatable {
  let kernel: String
  let processor: String
  let coreCount: Int

  /// This machine.
  static var current: Machine {
    let model =
      TextFile.read("/proc/cpuinfo")?.split(separator: "\n")
      .first { $0.hasPrefix("model name") }?.split(separator: ":").last ?? "unknown"
    let kernel = TextFile.read("/proc/sys/kernel/osrelease") ?? "unknown"
    return Machine(
      kernel: String(kernel.prefix { $0 != "\n" }),
      processor: String(model.trimmingPrefix { $0 == " " }),
      coreCount: sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  }
}
