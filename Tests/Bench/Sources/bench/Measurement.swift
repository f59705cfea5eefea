/// One kind of run, repeated in rounds; it fills one row of the table or several.
///
/// A round runs the peer and the product directly after each other, so that a machine which flips
/// between a fast and a slow mode does it to both.
protocol Measurement: Sendable {
  /// What the table says about each of its rows, in the order of a round's samples.
  var rows: [RowDescription] { get }
  /// Runs once: a sample for each row.
  func round(_ bench: Bench) throws(BenchError) -> [Sample]
}

/// A row of the table before anything was measured.
struct RowDescription {
  /// As in the performance page: `P1/60`.
  let name: String
  /// What is measured, and against what.
  let what: String
  let unit: Unit
  /// What the median has to reach; nil for a row that only informs.
  var bar: Bar?
}

/// What a row's number counts.
enum Unit: String, Codable {
  /// The product's rate over its peer's, or its time over its peer's.
  case ratio
  case secondsPerMillion
  case microseconds
  case megabytes
  case kilobytes
  case milliseconds
  case percent
  case allocations
  case count
}

/// The side of a number that is good.
enum Bar: Codable, Equatable {
  case atLeast(Double)
  case atMost(Double)

  func isMet(by value: Double) -> Bool {
    switch self {
    case .atLeast(let least): value >= least
    case .atMost(let most): value <= most
    }
  }
}

/// What one round says for one row.
struct Sample: Codable, Equatable {
  let value: Double
  /// The absolute figures behind it, for the reader; only ratios of one round are compared.
  var figures: [String: Double] = [:]
  /// Why the row is not met whatever the value is: frames lost, wrong bytes.
  var violation: String?
  /// Why the round says nothing about the product: its peer did not do its work either.
  var disturbance: String?
}

/// What measurements run with.
struct Bench {
  let lab: Lab
  /// What is measured, or why it is not there: rows of peers alone run without it.
  let product: Result<Product, BenchError>
  let counterLibrary: String
  /// A smoke run: small counts, nothing is judged.
  let isQuick: Bool

  /// Frames of a run of about a second, or of a smoke run.
  func frameCount(_ full: Int) -> Int { isQuick ? full / 20 : full }
}
