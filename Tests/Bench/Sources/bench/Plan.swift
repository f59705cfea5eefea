/// Every measurement of the bench, in the order of the table.
///
/// A new row of the performance page is a type that says what it measures, and a line here.
enum Plan {
  static let all: [any Measurement] = [
    Control(),
    Receive(profile: .throughput, frameByteCount: 60),
    Receive(profile: .throughput, frameByteCount: 1_514),
    Receive(profile: .throughput, frameByteCount: 60, isSoftirqOnReceiverCore: true),
    Receive(profile: .latency, frameByteCount: 60),
    Receive(profile: .latency, frameByteCount: 1_514),
    Transmit(frameByteCount: 60),
    Transmit(frameByteCount: 1_514),
    Echo(),
    RealtimeEcho(),
    Cycle(),
    EchoBesideOthers(),
    Requests(),
    Drain(frameByteCount: 60),
    Drain(frameByteCount: 1_514),
    Allocations(direction: .receive),
    Allocations(direction: .transmit),
    Crowd(),
    Idle(),
    StartUp(interfaceCount: 2),
    StartUp(interfaceCount: 500),
    OpenCost(),
    Sessions(),
    Bindings(),
    Crowded(),
    Reload(),
    Flood(question: "query"),
    Flood(question: "filter"),
    StatisticsFlood(),
    AdapterReceive(profile: .throughput, frameByteCount: 60),
    AdapterReceive(profile: .throughput, frameByteCount: 1_514),
    AdapterReceive(profile: .latency, frameByteCount: 60),
    AdapterReceive(profile: .latency, frameByteCount: 1_514),
    AdapterTransmit(frameByteCount: 60),
    AdapterTransmit(frameByteCount: 1_514),
    AdapterEcho(),
    AdapterCost(),
    LibraryReceive(profile: .throughput),
    LibraryReceive(profile: .latency),
    PythonReceive(profile: .throughput),
    PythonReceive(profile: .latency),
    PythonImport(),
    CaptureToFile(),
    Replay(),
    ReplayPace(),
    OtherPeers(),
  ]

  /// The measurements that fill one of these rows; all of them for no names.
  ///
  /// - Throws: `Options.UsageError` for a name that no row has.
  static func measurements(for names: [String]) throws(Options.UsageError) -> [any Measurement] {
    func isAsked(_ row: RowDescription, by name: String) -> Bool {
      row.name == name || row.name.hasPrefix(name + "/")
    }
    for name in names where !all.contains(where: { $0.rows.contains { isAsked($0, by: name) } }) {
      throw .wrongValue("--row", name)
    }
    if names.isEmpty { return all }
    return all.filter { measurement in
      measurement.rows.contains { row in names.contains { isAsked(row, by: $0) } }
    }
  }
}
