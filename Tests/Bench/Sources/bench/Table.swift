/// The results in words: a Markdown table for the page *Guarantees*, and the comparison of two runs.
enum Table {
  /// The table, ready for the page *Guarantees*.
  static func markdown(_ results: Results) -> String {
    let machine = results.machine
    var lines = [
      "Made by `scripts/bench` at \(results.label): \(results.rounds) rounds, median [least–most]; "
        + "\(machine.coreCount) cores (\(machine.processor)), kernel \(machine.kernel).",
      "",
      "| # | what : peer | median | spread | bar | | figures (medians) | command |",
      "|---|---|---|---|---|---|---|---|",
    ]
    for row in results.rows {
      let cells = [
        row.name, row.what, Statistics.median(row.values).map { number($0, row.unit) } ?? "–",
        spread(row), row.bar.map { words($0, row.unit) } ?? "–",
        words(row.verdict(isQuick: results.isQuick)), figures(row),
        "`scripts/bench --row \(row.name.prefix { $0 != "/" })`",
      ]
      lines.append("| " + cells.joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n")
  }

  /// What changed between two runs, and whether that is more than chance.
  static func comparison(_ changes: [Comparison]) -> String {
    var lines = [
      "| # | before | now | change | p | |", "|---|---|---|---|---|---|",
    ]
    for change in changes {
      let cells = [
        change.name, number(change.before, change.unit), number(change.after, change.unit),
        change.percent.map { "\($0 > 0 ? "+" : "")\(decimals($0, 1)) %" } ?? "–",
        decimals(change.probability, 3), words(change.verdict),
      ]
      lines.append("| " + cells.joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n")
  }

  private static func words(_ verdict: Row.Verdict) -> String {
    switch verdict {
    case .met: "met"
    case .missed(let why): why.isEmpty ? "**missed**" : "**missed**: \(why)"
    case .informs: ""
    case .smoke: "smoke run, not judged"
    case .disturbed(let what): "not judged: \(what)"
    case .notMeasured(let why): "not measured: \(why)"
    }
  }

  private static func words(_ verdict: Comparison.Verdict) -> String {
    switch verdict {
    case .better: "better"
    case .worse: "**worse**"
    case .notShown: "no change shown"
    case .tooFewRounds: "too few rounds to show anything"
    }
  }

  private static func words(_ bar: Bar, _ unit: Unit) -> String {
    switch bar {
    case .atLeast(let least): "≥ \(number(least, unit))"
    case .atMost(let most): "≤ \(number(most, unit))"
    }
  }

  private static func spread(_ row: Row) -> String {
    guard let least = row.values.min(), let most = row.values.max() else { return "–" }
    let bare = [least, most].map { number($0, row.unit).prefix { $0 != " " } }
    return "[\(bare[0])–\(bare[1])]"
  }

  private static func figures(_ row: Row) -> String {
    row.figures.map { figure in
      let isWhole = figure.median == figure.median.rounded()
      return "\(figure.name) \(decimals(figure.median, isWhole ? 0 : 3))"
    }.joined(separator: ", ")
  }

  /// A value with its unit.
  static func number(_ value: Double, _ unit: Unit) -> String {
    switch unit {
    case .ratio: decimals(value, 2) + " ×"
    case .secondsPerMillion: decimals(value, 3) + " s/M"
    case .microseconds: decimals(value, value < 2 ? 2 : 1) + " µs"
    case .megabytes: decimals(value, 1) + " MB"
    case .kilobytes: decimals(value, 1) + " KB"
    case .milliseconds: decimals(value, 0) + " ms"
    case .percent: decimals(value, 1) + " %"
    case .allocations, .count: decimals(value, 0)
    }
  }

  /// A number with so many digits behind the point.
  static func decimals(_ value: Double, _ digits: Int) -> String {
    let factor = (0..<digits).reduce(1.0) { product, _ in product * 10 }
    guard let scaled = Int(exactly: (value.magnitude * factor).rounded()) else { return "\(value)" }
    let whole = String(scaled / Int(factor))
    let fraction = String(scaled % Int(factor))
    let padding = String(repeating: "0", count: max(0, digits - fraction.count))
    let sign = value < 0 && scaled != 0 ? "-" : ""
    return sign + whole + (digits > 0 ? "." + padding + fraction : "")
  }
}
