/// A row of the table after its rounds, as it is printed and kept as JSON.
struct Row: Codable, Equatable {
  let name: String
  let what: String
  let unit: Unit
  let bar: Bar?
  /// One for each round, in order.
  let samples: [Sample]
  /// What the machine did during them that can spoil them; empty on a quiet machine.
  let disturbances: [String]
  /// Why there are no samples, or fewer than asked for.
  let failure: String?

  /// What may be said about the row.
  enum Verdict: Equatable {
    case met, missed(String), informs, smoke, disturbed(String), notMeasured(String)
  }

  var values: [Double] { samples.map(\.value) }

  /// What the samples allow to say.
  ///
  /// A smoke run (`isQuick`) proves that the bench works, and nothing about the product.
  func verdict(isQuick: Bool) -> Verdict {
    if let failure { return .notMeasured(failure) }
    guard let median = Statistics.median(values) else { return .notMeasured("no round ran") }
    if let violation = samples.lazy.compactMap(\.violation).first { return .missed(violation) }
    if isQuick { return .smoke }
    if let disturbance = samples.lazy.compactMap(\.disturbance).first ?? disturbances.first {
      return .disturbed(disturbance)
    }
    guard let bar else { return .informs }
    return bar.isMet(by: median) ? .met : .missed("")
  }

  /// The median of each figure behind the values.
  var figures: [(name: String, median: Double)] {
    let names = Set(samples.flatMap(\.figures.keys)).sorted()
    return names.compactMap { name in
      Statistics.median(samples.compactMap { $0.figures[name] }).map { (name, $0) }
    }
  }
}

/// All that a run of the bench found.
struct Results: Codable, Equatable {
  /// What was measured: a commit, as `scripts/bench` names it.
  let label: String
  let machine: Machine
  let rounds: Int
  let isQuick: Bool
  let rows: [Row]
}
