internal import Platform

/// How long frames have waited in the kernel's ring for one reader that makes no progress.
///
/// Only the time in which the daemon runs counts. A reader whose requests are unread in its socket
/// because the daemon itself did not run has had no chance: otherwise its patience would end with
/// the first look.
///
/// - Units: nanoseconds
/// - Thread: the binding's thread
struct ReaderPatience {
  /// How long the daemon waits for a reader.
  static let nanoseconds: UInt64 = 20_000_000
  /// The longest time between two looks while the daemon runs.
  static let longestLook: UInt64 = 1_000_000

  private var lastLook: UInt64?
  private var waited: UInt64 = 0

  /// Checks a reader that lags.
  ///
  /// - Returns: whether to keep waiting for it
  mutating func look(nowNanoseconds now: UInt64) -> Bool {
    if let lastLook {
      waited &+= min(nanosecondsPassed(since: lastLook, until: now), ReaderPatience.longestLook)
    }
    lastLook = now
    return waited < ReaderPatience.nanoseconds
  }
}
