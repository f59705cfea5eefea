/// What is printed: a table for people, JSON for programs.
enum Report {
  static func table(_ cells: [Cell]) {
    print(
      "ns a call, best of \(Options.passCount) x \(Options.turns) turns; C segment = one C call for each segment"
    )
    print(row(["segments", "bytes", "", "flat", "C segment", "C walk", "Swift", "Swift/walk"]))
    for cell in cells {
      let times = cell.times
      print(
        row([
          "\(cell.shape.segmentCount)", "\(cell.shape.segmentByteCount)", cell.operation.rawValue,
          tenths(times.flat), times.perSegment.map(tenths) ?? "", tenths(times.walk),
          tenths(times.swift), hundredths(times.swift / times.walk),
        ]))
    }
  }

  static func limits(_ limits: [Limit]) {
    for limit in limits {
      let verdict = limit.holds ? "holds" : "BROKEN in \(limit.broken.count) of \(limit.cellCount)"
      print(
        "mdl \(limit.id): \(verdict) (\(limit.text); nearest \(hundredths(limit.worst))"
          + " of the limit at \(limit.worstCell))")
      for cell in limit.broken.prefix(8) { print("    \(cell)") }
    }
  }

  static func figures(_ figures: [(name: String, nanoseconds: Double)]) {
    for figure in figures { print("\(pad(tenths(figure.nanoseconds), 8)) ns  \(figure.name)") }
  }

  static func json(
    _ cells: [Cell], _ limits: [Limit], _ figures: [(name: String, nanoseconds: Double)]
  ) -> String {
    let rows = cells.map { cell in
      let perSegment = cell.times.perSegment.map(hundredths) ?? "null"
      return """
        {"segments":\(cell.shape.segmentCount),"bytes":\(cell.shape.segmentByteCount),\
        "operation":"\(cell.operation.rawValue)","flat":\(hundredths(cell.times.flat)),\
        "perSegment":\(perSegment),"walk":\(hundredths(cell.times.walk)),\
        "swift":\(hundredths(cell.times.swift))}
        """
    }
    let verdicts = limits.map {
      "{\"id\":\"\($0.id)\",\"holds\":\($0.holds),\"nearest\":\(hundredths($0.worst))}"
    }
    let others = figures.map {
      "{\"name\":\"\($0.name)\",\"nanoseconds\":\(hundredths($0.nanoseconds))}"
    }
    return """
      {"cells":[\(rows.joined(separator: ","))],"limits":[\(verdicts.joined(separator: ","))],\
      "figures":[\(others.joined(separator: ","))]}
      """
  }

  private static func row(_ columns: [String]) -> String {
    columns.map { pad($0, 10) }.joined(separator: " ")
  }
}

func pad(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
func hundredths(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
