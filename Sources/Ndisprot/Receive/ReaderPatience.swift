/// How long frames have waited in the kernel's ring for one reader that makes no progress.
///
/// Only time in which the daemon looks counts. A reader whose requests lie unread in its socket, because
/// the daemon itself did not run, has had no chance: its patience would be over with the first look.
///
/// - Units: nanoseconds
/// - Thread: the binding's thread
struct ReaderPatience {
  /// What a reader has.
  static let nanoseconds: UInt64 = 20_000_000
  /// The most that passes between two looks of a daemon that runs.
  static let longestLook: UInt64 = 1_000_000

  private var lastLook: UInt64?
  private var waited: UInt64 = 0

  /// Looks at it while the reader is behind.
  ///
  /// - Returns: whether its frames are worth waiting for
  mutating func look(nowNanoseconds now: UInt64) -> Bool {
    if let lastLook { waited &+= min(now &- min(lastLook, now), ReaderPatience.longestLook) }
    lastLook = now
    return waited < ReaderPatience.nanoseconds
  }
}
