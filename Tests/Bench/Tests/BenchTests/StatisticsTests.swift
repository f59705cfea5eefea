internal import Testing

@testable internal import bench

@Suite("Statistics")
struct StatisticsTests {
  @Test(
    "the median is the middle value, or the mean of the middle two",
    arguments: [
      ([], nil), ([3], 3), ([3, 1], 2), ([5, 1, 3], 3), ([4, 1, 3, 2], 2.5),
    ] as [([Double], Double?)])
  func median(values: [Double], expected: Double?) {
    #expect(Statistics.median(values) == expected)
  }

  // By hand: U = 0 has one dealing on each side, so 2 / C(m + n, m); the others count the dealings.
  @Test(
    "the rank test counts the dealings at least as uneven, both ways",
    arguments: [
      ([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 2.0 / 252),
      ([6, 7, 8, 9, 10], [1, 2, 3, 4, 5], 2.0 / 252),
      ([1, 2, 3, 4, 6], [5, 7, 8, 9, 10], 4.0 / 252),
      ([1, 2], [3, 4], 2.0 / 6),
      ([1, 4], [2, 3], 1.0),
      ([1, 1, 1], [1, 1, 1], 1.0),
      // Doubled ranks 2 5 5 8: of six dealings {2,5} {2,5} and {5,8} {5,8} are as far from 10.
      ([1, 2], [2, 3], 4.0 / 6),
      ([], [1, 2], 1.0),
    ] as [([Double], [Double], Double)])
  func rankTest(left: [Double], right: [Double], expected: Double) {
    #expect(abs(Statistics.rankTest(left, right) - expected) < 1e-12)
  }
}

@Suite("Comparison")
struct ComparisonTests {
  private func row(_ values: [Double], bar: Bar?, unit: Unit = .ratio) -> Row {
    Row(
      name: "P1/60", what: "", unit: unit, bar: bar, samples: values.map { Sample(value: $0) },
      disturbances: [], failure: nil)
  }

  private let low = [0.90, 0.91, 0.92, 0.93, 0.94]
  private let high = [0.95, 0.96, 0.97, 0.98, 0.99]

  @Test(
    "rounds that do not overlap are a change, in the direction of the bar",
    arguments: [
      (Bar.atLeast(0.9), Unit.ratio, Comparison.Verdict.better), (.atMost(1), .ratio, .worse),
      (nil, .ratio, .better), (nil, .milliseconds, .worse),
    ] as [(Bar?, Unit, Comparison.Verdict)])
  func direction(bar: Bar?, unit: Unit, verdict: Comparison.Verdict) {
    let change = Comparison(before: row(low, bar: bar), after: row(high, bar: bar, unit: unit))
    #expect(change?.verdict == verdict)
  }

  @Test("rounds that overlap show no change, however far the medians are apart")
  func overlap() {
    let change = Comparison(
      before: row([0.90, 0.91, 0.92, 1.02, 1.03], bar: nil),
      after: row([0.89, 0.93, 1.01, 1.04, 1.05], bar: nil))
    #expect(change?.verdict == .notShown)
  }

  @Test("three rounds against three show nothing, not even when they do not overlap")
  func tooFewRounds() {
    let change = Comparison(
      before: row([1, 2, 3], bar: nil), after: row([7, 8, 9], bar: nil))
    #expect(change?.verdict == .tooFewRounds)
  }

  @Test("a row without rounds is not compared")
  func empty() {
    #expect(Comparison(before: row([], bar: nil), after: row(high, bar: nil)) == nil)
  }
}
