/// One row, measured before and now: whether the difference is more than chance.
struct Comparison: Equatable {
  let name: String
  let unit: Unit
  /// Medians.
  let before: Double
  let after: Double
  /// How likely rounds this uneven are if nothing changed.
  let probability: Double
  let verdict: Verdict

  /// What the rounds show.
  enum Verdict: Equatable {
    case better, worse, notShown, tooFewRounds
  }

  /// Below this probability a change counts as real.
  static let significance = 0.05

  /// - Returns: nil if one of the rows has no rounds.
  init?(before: Row, after: Row) {
    guard let old = Statistics.median(before.values), let new = Statistics.median(after.values)
    else { return nil }
    name = after.name
    unit = after.unit
    self.before = old
    self.after = new
    probability = Statistics.rankTest(before.values, after.values)

    let isLessBetter =
      switch after.bar {
      case .atMost: true
      case .atLeast: false
      case nil: after.unit != .ratio
      }
    if Self.leastProbability(before.values.count, after.values.count) >= Self.significance {
      verdict = .tooFewRounds
    } else if probability >= Self.significance {
      verdict = .notShown
    } else {
      verdict = (new < old) == isLessBetter ? .better : .worse
    }
  }

  /// The change in percent of what was before.
  var percent: Double? { before == 0 ? nil : (after - before) / before * 100 }

  /// The rows that both runs have.
  static func all(before: Results, after: Results) -> [Comparison] {
    after.rows.compactMap { row in
      before.rows.first { $0.name == row.name }.flatMap { Comparison(before: $0, after: row) }
    }
  }

  /// What the most uneven rounds possible would have: no test can show more.
  private static func leastProbability(_ left: Int, _ right: Int) -> Double {
    let low = (0..<left).map(Double.init)
    let high = (0..<right).map { Double($0 + left) }
    return Statistics.rankTest(low, high)
  }
}
