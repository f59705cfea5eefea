internal import Glibc
internal import NDIS
internal import NdisprotClient
internal import Platform

/// `stats --watch`: the counters that change, and their rates, until it is interrupted.
struct StatsWatch {
  let interval: Duration
  /// 0 selects all.
  let interfaceIndex: UInt32
  let isLimits: Bool

  func show(_ connection: Connection, _ output: Output) throws(ClientError) {
    do throws(ClientError) {
      var (earlier, time) = (try objects(connection), monotonicNanoseconds())
      while true {
        try pause(connection)
        let (later, now) = (try objects(connection), monotonicNanoseconds())
        let seconds = Double(nanosecondsPassed(since: time, until: now)) / 1e9
        let lines = output.isJSON ? Self.json : Self.text
        for line in lines(earlier, later, seconds) {
          output.standard.writeLine(line)
        }
        output.standard.flush()
        (earlier, time) = (later, now)
      }
    } catch {
      guard error == .interrupted else { throw error }
    }
  }

  private func pause(_ connection: Connection) throws(ClientError) {
    let end = Deadline(after: interval)
    while !end.isPast {
      if connection.interruption?.isRaised == true { throw .interrupted }
      usleep(20_000)
    }
  }

  private func objects(_ connection: Connection) throws(ClientError) -> [StatisticsObject] {
    try connection.statistics(interfaceIndex: interfaceIndex).filter { object in
      (interfaceIndex == 0 || object.interfaceIndex == interfaceIndex)
        && (object.kind == .limit) == isLimits
    }
  }

  /// A time, then each object that changed, with the changed counters: value, and change per
  /// second.
  static func text(
    _ earlier: [StatisticsObject], _ later: [StatisticsObject], _ seconds: Double
  ) -> [String] {
    let blocks = later.compactMap { object -> [String]? in
      let before = earlier.first { $0.key == object.key }
      let rows = object.readings.compactMap { reading -> [String]? in
        let rate = rate(of: reading, before, seconds)
        return rate == 0 ? nil : ["  " + reading.name, "\(reading.value)", "\(text(rate))/s"]
      }
      guard !rows.isEmpty else { return nil }
      let place = object.interfaceIndex == 0 ? "" : " @\(object.interfaceIndex)"
      return ["\(object.kind.name)\(place) \(object.name.printableName)"] + TextTable.lines(rows)
    }
    let time = FramePrinter.timeOfDay(realtimeNanoseconds())
    return [blocks.isEmpty ? "\(time) nothing changed" : time] + blocks.flatMap(\.self)
  }

  /// One object per line, as without `--watch`, with the changes per second.
  static func json(
    _ earlier: [StatisticsObject], _ later: [StatisticsObject], _ seconds: Double
  ) -> [String] {
    later.map { object in
      let before = earlier.first { $0.key == object.key }
      var rates = JSONLine()
      for reading in object.readings {
        rates.add(reading.name, raw: text(rate(of: reading, before, seconds)))
      }
      return StatsCommand.json(object).dropLast() + ",\"perSecond\":\(rates.closed)}"
    }
  }

  /// The change per second, which can be negative for gauges.
  private static func rate(
    of reading: StatisticsObject.Reading, _ before: StatisticsObject?, _ seconds: Double
  ) -> Double {
    let earlier = before?.readings.first { $0.number == reading.number }?.value ?? 0
    return (Double(reading.value) - Double(earlier)) / max(seconds, 1e-3)
  }

  private static func text(_ rate: Double) -> String {
    let tenths = Int64(max(-1e15, min(1e15, (rate * 10).rounded())))
    return "\(tenths < 0 ? "-" : "")\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
  }
}
