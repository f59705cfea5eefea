internal import CMeasure

/// What one operation over one shape of chain took, in nanoseconds a call.
struct Times {
  var flat: Double
  var perSegment: Double?
  var walk: Double
  var swift: Double
}

extension Times {
  /// The better of two measurements, for each contender.
  func best(with other: Times) -> Times {
    Times(
      flat: min(flat, other.flat),
      perSegment: perSegment.map { min($0, other.perSegment ?? .infinity) },
      walk: min(walk, other.walk), swift: min(swift, other.swift))
  }
}

/// Runs the contenders in turns and keeps the best turn of each.
///
/// In turns, so that other work on the machine hits all alike; the best, because everything that
/// disturbs only adds. Each closure runs its operation as often as it is told.
func race(
  flat: (Int) -> Void, perSegment: ((Int) -> Void)? = nil, walk: (Int) -> Void,
  swift: (Int) -> Void
) -> Times {
  let calls = calibrated(walk)
  var best = Times(flat: .infinity, perSegment: nil, walk: .infinity, swift: .infinity)
  for _ in 0..<Options.turns {
    best.flat = min(best.flat, nanoseconds(calls, flat))
    best.walk = min(best.walk, nanoseconds(calls, walk))
    best.swift = min(best.swift, nanoseconds(calls, swift))
    if let perSegment {
      best.perSegment = min(best.perSegment ?? .infinity, nanoseconds(calls, perSegment))
    }
  }
  return best
}

/// The best of many turns of one operation.
func time(_ body: (Int) -> Void) -> Double {
  let calls = calibrated(body)
  return (0..<Options.turns).reduce(.infinity) { best, _ in min(best, nanoseconds(calls, body)) }
}

/// How many calls take about 50 µs.
private func calibrated(_ body: (Int) -> Void) -> Int {
  var calls = 1
  while calls < 1 << 20, nanoseconds(calls, body) * Double(calls) < 50_000 { calls *= 2 }
  return calls
}

private func nanoseconds(_ calls: Int, _ body: (Int) -> Void) -> Double {
  let start = measure_nanoseconds()
  body(calls)
  return Double(measure_nanoseconds() - start) / Double(calls)
}
