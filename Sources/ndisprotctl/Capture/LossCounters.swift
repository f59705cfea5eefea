internal import Glibc
internal import NDIS
internal import NdisprotClient

/// Where frames can be lost between the wire and this process.
enum LossCounters {
  /// Counters of an open and of its binding.
  static let all: [Counter] = [
    .rxOverrun, .rxDropState, .rxDropFlushed, .rxDropClosed, .rxNotPermitted, .kernelDrops,
  ]

  /// What this process's opens of an interface and the binding have lost so far.
  static func reading(
    _ connection: Connection, interfaceIndex: UInt32
  ) throws(ClientError) -> [(Counter, UInt64)] {
    let objects = try connection.statistics(interfaceIndex: interfaceIndex)
    let own = "uid \(getuid()) pid \(getpid())"
    let open = objects.first {
      $0.kind == .open && $0.name == own && $0.interfaceIndex == interfaceIndex
    }
    let adapter = objects.first { $0.kind == .binding }
    return all.compactMap { counter in
      (open?[counter] ?? adapter?[counter]).map { (counter, $0) }
    }
  }
}

/// What an interface has lost since a run began.
struct Losses: Sendable {
  private var earlier: [Counter: UInt64] = [:]
  /// What was lost under previous daemons.
  private var before: [Counter: UInt64] = [:]
  /// The losses by place, in a fixed order.
  private(set) var counts: [(counter: Counter, count: UInt64)] = []

  init() {}

  /// Starts counting.
  init(from reading: [(Counter, UInt64)]) {
    earlier = Dictionary(reading) { $1 }
    update(reading)
  }

  mutating func update(_ reading: [(Counter, UInt64)]) {
    counts = reading.map { counter, value in
      (counter, (before[counter] ?? 0) &+ value - min(value, earlier[counter] ?? 0))
    }
  }

  /// The daemon was restarted, and counts from 0.
  mutating func restart() {
    before = Dictionary(counts.map { ($0.counter, $0.count) }) { $1 }
    earlier = [:]
  }

  /// The sum of all places.
  var total: UInt64 { counts.reduce(0) { $0 &+ $1.count } }

  subscript(counter: Counter) -> UInt64 {
    counts.first { $0.counter == counter }?.count ?? 0
  }
}
