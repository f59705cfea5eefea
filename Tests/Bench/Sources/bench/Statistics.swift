/// The statistics of a handful of rounds: no distribution is assumed.
enum Statistics {
  /// The middle value, or the mean of the middle two; nil of nothing.
  static func median(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// The exact two-sided probability of rank sums as uneven as these, if both came from one source.
  ///
  /// Wilcoxon's rank sum test (Mann and Whitney's U): all values are ranked together, ties get the
  /// mean of their ranks, and every way to deal the ranks to the two sides is counted. No normal
  /// approximation, which is wrong for five rounds.
  ///
  /// - Returns: 1 if a side is empty; never less than 2 / C(m + n, m).
  /// - Complexity: O(mn(m + n)²) by counting rank sums, not dealings.
  static func rankTest(_ left: [Double], _ right: [Double]) -> Double {
    guard !left.isEmpty, !right.isEmpty else { return 1 }
    let ranks = doubledRanks(left + right)
    let observed = ranks.prefix(left.count).reduce(0, +)
    let total = ranks.reduce(0, +)

    // ways[k][s]: how many choices of k ranks have the (doubled) sum s.
    var ways = [[Double]](
      repeating: [Double](repeating: 0, count: total + 1), count: left.count + 1)
    ways[0][0] = 1
    for rank in ranks {
      for chosen in stride(from: left.count, through: 1, by: -1) {
        for sum in stride(from: total, through: rank, by: -1) {
          ways[chosen][sum] += ways[chosen - 1][sum - rank]
        }
      }
    }
    let sums = ways[left.count]
    // Expected sum, times the count of all ranks to stay in whole numbers.
    func distance(_ sum: Int) -> Int { abs(sum * ranks.count - total * left.count) }
    let extreme = sums.indices.filter { distance($0) >= distance(observed) }
    return extreme.reduce(0) { $0 + sums[$1] } / sums.reduce(0, +)
  }

  /// Twice the rank of each value, so that the mean rank of a tie is whole.
  private static func doubledRanks(_ values: [Double]) -> [Int] {
    values.map { value in
      let smaller = values.count { $0 < value }
      let equal = values.count { $0 == value }
      return 2 * smaller + equal + 1
    }
  }
}
