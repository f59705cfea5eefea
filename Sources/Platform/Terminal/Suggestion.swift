/// The most likely intention of a mistyped word.
public enum Suggestion {
  /// The nearest of some words, if it is near enough; the case of letters is ignored.
  ///
  /// One letter in three may differ: missing, additional, wrong, or swapped with the next.
  public static func nearest(to word: String, in candidates: some Sequence<String>) -> String? {
    let wanted = Array(word.lowercased().utf8)
    let limit = max(1, (wanted.count + 1) / 3)
    var best: (word: String, distance: Int)?
    for candidate in candidates {
      let distance = distance(wanted, Array(candidate.lowercased().utf8), limit: limit)
      if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    if let best { return best.word }
    // A prefix of only one word.
    guard wanted.count >= 3 else { return nil }
    let longer = candidates.filter { $0.lowercased().hasPrefix(word.lowercased()) }
    return longer.count == 1 ? longer.first : nil
  }

  /// Letters to insert, delete, replace or swap with their neighbour; counts no further than
  /// `limit`.
  ///
  /// - Source: optimal string alignment
  static func distance(_ first: [UInt8], _ second: [UInt8], limit: Int) -> Int {
    guard abs(first.count - second.count) <= limit, first.count < 256, second.count < 256 else {
      return limit + 1
    }
    var before: [Int] = []
    var last = Array(0...second.count)
    for i in 0..<first.count {
      var row = [i + 1]
      for j in 0..<second.count {
        var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (first[i] == second[j] ? 0 : 1))
        if i > 0, j > 0, first[i] == second[j - 1], first[i - 1] == second[j] {
          cost = min(cost, before[j - 1] + 1)
        }
        row.append(cost)
      }
      (before, last) = (last, row)
    }
    return last[second.count]
  }
}
