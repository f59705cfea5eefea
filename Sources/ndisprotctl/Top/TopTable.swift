internal import ArgumentParser
internal import NDIS
internal import NdisprotClient

/// The sort keys for the clients of a binding.
enum TopKey: String, CaseIterable, ExpressibleByArgument {
  case received = "in"
  case sent = "out"
  case lost
  case queue
  case processor = "cpu"
  case user

  /// The letter that selects it while the table is shown.
  var letter: Character { self == .queue ? "b" : rawValue.first ?? "?" }

  /// The busiest first; equal rows keep their order.
  func isInFront(_ left: TrafficRates.Row, _ right: TrafficRates.Row) -> Bool {
    let (mine, other) = (value(left), value(right))
    if mine != other { return self == .user ? mine < other : mine > other }
    return (left.client?.name ?? "") < (right.client?.name ?? "")
  }

  private func value(_ row: TrafficRates.Row) -> Double {
    switch self {
    case .received: row.received
    case .sent: row.sent
    case .lost: row.lost
    case .queue: Double(row.queued)
    case .processor: row.processorPercent
    case .user: Double(row.client?.number("uid") ?? 0)
    }
  }
}

/// The table of `top` as lines of text that fit the given size.
struct TopTable {
  private static let heading = [
    "BINDING", "USER", "PROGRAM", "PID", "IN/S", "OUT/S", "LOST/S", "QUEUE", "CPU%", "LOST BY",
  ]
  /// Columns with right-aligned numbers.
  private static let numbers = 3...8

  let rates: TrafficRates
  let key: TopKey
  /// The function that gives the name of a user by number.
  var userName: (UInt32) -> String = { HostFacts.userName($0) }
  var programName: (UInt32) -> String? = { process in
    HostFacts.text(of: "/proc/\(process)/comm").map { String($0.prefix { $0 != "\n" }) }
  }

  /// The lines for this many columns and rows; the last one reports what did not fit.
  func lines(columns: Int = .max, rows limit: Int = .max) -> [String] {
    let cells = [Self.heading] + rates.rows.map(cells)
    let widths = (0..<Self.heading.count).map { column in cells.map { $0[column].count }.max() ?? 0
    }
    var lines = cells.map { row in
      let padded = row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        if column == row.count - 1 { return cell }
        return Self.numbers.contains(column) ? space + cell : cell + space
      }
      return String(padded.joined(separator: "  ").prefix(columns))
    }
    guard lines.count > limit, limit > 1 else { return Array(lines.prefix(max(0, limit))) }
    let hidden = lines.count - limit + 1
    lines = Array(lines.prefix(limit - 1))
    return lines + [String("... and \(hidden) more".prefix(columns))]
  }

  private func cells(_ row: TrafficRates.Row) -> [String] {
    let lostBy = row.lostBy.map { "\($0.counter.name) \($0.count)" }.joined(separator: ", ")
    let rates = [
      Self.text(row.received), Self.text(row.sent), Self.text(row.lost), "\(row.queued)",
    ]
    guard let client = row.client else {
      return [row.binding.printableName, "", "", ""] + rates + ["", lostBy]
    }
    let process = client.number("pid")
    return [
      "", client.number("uid").map(userName)?.printable(16) ?? "-",
      process.flatMap(programName)?.printable(16) ?? "-", process.map { "\($0)" } ?? "-",
    ] + rates + [Self.tenths(row.processorPercent), lostBy]
  }

  private static func text(_ rate: Double) -> String {
    rate > 0 && rate < 10 ? tenths(rate) : "\(UInt64(min(max(0, rate.rounded()), 1e15)))"
  }

  private static func tenths(_ value: Double) -> String {
    let tenths = UInt64(min(max(0, (value * 10).rounded()), 1e15))
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// The same as one JSON object.
  func json(nanoseconds: UInt64) -> JSONLine {
    var line = JSONLine()
    line.add("event", "top")
    line.add("timestampNanoseconds", time: nanoseconds)
    line.add("rows", rates.rows.map(json))
    return line
  }

  private func json(_ row: TrafficRates.Row) -> JSONLine {
    var line = JSONLine()
    line.add("kind", row.client == nil ? "binding" : "client")
    line.add("ifindex", row.interfaceIndex)
    line.add("binding", row.binding)
    if let client = row.client {
      if let user = client.number("uid") { line.add("uid", user) }
      if let process = client.number("pid") {
        line.add("pid", process)
        line.add("program", programName(process) ?? "")
      }
      line.add("cpuPercent", raw: Self.tenths(row.processorPercent))
    }
    line.add("inPerSecond", raw: Self.tenths(row.received))
    line.add("outPerSecond", raw: Self.tenths(row.sent))
    line.add("lostPerSecond", raw: Self.tenths(row.lost))
    line.add("queued", row.queued)
    var losses = JSONLine()
    for (counter, count) in row.lostBy { losses.add(counter.name, count) }
    line.add("lost", losses)
    return line
  }
}
