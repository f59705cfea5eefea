internal import NDIS
internal import NdisprotClient

/// The daemon's counters at one moment, by binding and client.
struct TrafficSample {
  /// A client on a binding: the opens and sessions of one process.
  struct Client: Hashable {
    let interfaceIndex: UInt32
    /// `uid 1000 pid 4711`.
    let name: String

    /// A number in the name, by the word before it.
    func number(_ word: Substring) -> UInt32? {
      let words = name.split(separator: " ")
      guard let place = words.firstIndex(of: word), place + 1 < words.count else { return nil }
      return UInt32(words[place + 1])
    }
  }

  let nanoseconds: UInt64
  /// The names of the bindings, by interface index.
  let bindings: [UInt32: String]
  private(set) var bindingCounts: [UInt32: [Counter: UInt64]] = [:]
  private(set) var clientCounts: [Client: [Counter: UInt64]] = [:]

  init(_ objects: [StatisticsObject], nanoseconds: UInt64) {
    self.nanoseconds = nanoseconds
    bindings = Dictionary(
      objects.filter { $0.kind == .binding }.map { ($0.interfaceIndex, $0.name) }
    ) { $1 }
    for object in objects {
      var counts: [Counter: UInt64] = [:]
      for reading in object.readings {
        if let counter = reading.counter { counts[counter] = reading.value }
      }
      switch object.kind {
      case .binding: bindingCounts[object.interfaceIndex] = counts
      case .open, .session:
        let client = Client(interfaceIndex: object.interfaceIndex, name: object.name)
        clientCounts[client, default: [:]].merge(counts, uniquingKeysWith: &+)
      default: break
      }
    }
  }
}

/// The changes between two samples, one row per binding and per client of it.
struct TrafficRates {
  /// A binding or a client.
  struct Row {
    let interfaceIndex: UInt32
    let binding: String
    /// nil for the binding itself.
    let client: TrafficSample.Client?
    /// Frames per second.
    let received: Double
    let sent: Double
    let lost: Double
    /// Frames lost since the daemon began to count, by place.
    let lostBy: [(counter: Counter, count: UInt64)]
    let queued: UInt64
    /// Percent of one core; 0 for a binding.
    let processorPercent: Double
  }

  /// Where frames of a client can be lost in either direction.
  private static let losses: [Counter] = [
    .kernelDrops, .rxOverrun, .rxDropState, .rxDropFlushed, .rxDropRevoked, .txRejectedInvalid,
    .txRejectedPolicy, .txRejectedRate, .txRejectedState, .txErrNobufs, .txErrNetdown, .txErrGone,
    .txErrToolong, .txErrOther,
  ]

  let rows: [Row]

  /// Rates between two samples, bindings in ascending order, the clients of each sorted by a key.
  init(from earlier: TrafficSample, to later: TrafficSample, by key: TopKey) {
    let seconds = max(1e-3, Double(later.nanoseconds &- earlier.nanoseconds) / 1e9)
    var rows: [Row] = []
    for (index, name) in later.bindings.sorted(by: { $0.key < $1.key }) {
      let clients = later.clientCounts.filter { $0.key.interfaceIndex == index }.map {
        client, counts in
        Self.row(index, name, client, counts, earlier.clientCounts[client] ?? [:], seconds)
      }.sorted(by: key.isInFront)
      let counts = later.bindingCounts[index] ?? [:]
      let own = Self.row(index, name, nil, counts, earlier.bindingCounts[index] ?? [:], seconds)
      rows.append(
        Row(
          interfaceIndex: index, binding: name, client: nil, received: own.received,
          sent: clients.reduce(0) { $0 + $1.sent }, lost: own.lost, lostBy: own.lostBy,
          queued: clients.reduce(0) { $0 &+ $1.queued }, processorPercent: 0))
      rows += clients
    }
    self.rows = rows
  }

  private static func row(
    _ index: UInt32, _ name: String, _ client: TrafficSample.Client?, _ counts: [Counter: UInt64],
    _ earlier: [Counter: UInt64], _ seconds: Double
  ) -> Row {
    func change(_ counter: Counter) -> Double {
      let (now, before) = (counts[counter] ?? 0, earlier[counter] ?? 0)
      return Double(now - min(now, before))
    }
    let lostBy = losses.compactMap { counter in
      counts[counter].flatMap { $0 > 0 ? (counter: counter, count: $0) : nil }
    }
    return Row(
      interfaceIndex: index, binding: name, client: client,
      received: change(client == nil ? .rxFrames : .rxDelivered) / seconds,
      sent: change(.txSent) / seconds, lost: losses.reduce(0) { $0 + change($1) } / seconds,
      lostBy: lostBy, queued: counts[.rxQueued] ?? 0,
      processorPercent: change(.cpuNanoseconds) / seconds / 1e7)
  }
}
