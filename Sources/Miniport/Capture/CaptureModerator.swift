internal import NDIS
internal import Platform

/// When to look at the ring again: when the descriptor is ready, or after a nap.
///
/// Under load, waking the thread for each frame costs more than the frame; a nap of 20 µs after a
/// look that found four lets frames gather. A lone frame is never delayed. Neither is any frame
/// while a reader receives few: the descriptor then stays watched, and only frames for the other
/// readers gather for the time of a nap.
/// ```
///   watching ──found ≥ 4──► napping, or gathering ──found 0 twice in a row──► watching
/// ```
/// At more than 250,000 frames a second no single frame is awaited: from there on naps grow with
/// the rate, up to five times as long, and more frames share a wake-up. Beside a reader that
/// receives few frames naps stay short instead: that many wake-ups would delay it more.
///
/// - Source: `ndisprotd.docc/Performance.md` section 1
struct CaptureModerator {
  /// What to do until the next look.
  enum Action: Equatable {
    /// Wait for the descriptor.
    case watch
    /// Look again after this many nanoseconds, with the descriptor out of epoll.
    case nap(nanoseconds: UInt64)
    /// Wait for the descriptor, and have frames in bulk wait for so many nanoseconds.
    case gather(nanoseconds: UInt64)
  }

  /// The number of frames in one look from which on naps begin.
  static let threshold = 4
  /// The shortest nap and the longest.
  static let napNanoseconds: ClosedRange<UInt64> = 20_000...100_000
  /// The rate in frames per millisecond up to which naps are the shortest, and from which on the
  /// longest.
  static let ratePerMillisecond: ClosedRange<UInt64> = 250...450
  /// For how long frames are counted to compute a rate.
  static let windowNanoseconds: UInt64 = 1_000_000

  private let isEnabled: Bool
  private var isNapping = false
  private var emptyLooks = 0
  private var napNanoseconds = Self.napNanoseconds.lowerBound
  private var windowStart: UInt64 = 0
  private var windowFrames: UInt64 = 0

  init(_ profile: CaptureProfile) {
    // Blocks are moderation enough, and a thread that polls has no wake-ups to save.
    isEnabled = profile == .latency
  }

  /// Evaluates a look.
  ///
  /// - Parameters:
  ///   - count: the number of frames it found
  ///   - isMore: whether it left frames behind
  ///   - now: when it began
  ///   - mayNap: whether every reader may wait; asked only if there is a reason to nap
  /// - Returns: what to do until the next look
  mutating func looked(
    found count: Int, isMore: Bool, atNanoseconds now: UInt64, mayNap: @autoclosure () -> Bool
  ) -> Action {
    guard isEnabled else { return .watch }
    measure(count, now)
    if count >= Self.threshold { isNapping = true }
    emptyLooks = count == 0 ? emptyLooks + 1 : 0
    if emptyLooks >= 2 { isNapping = false }
    guard isNapping else { return .watch }
    if isMore { return .nap(nanoseconds: 0) }
    if mayNap() { return .nap(nanoseconds: napNanoseconds) }
    let shortest = Self.napNanoseconds.lowerBound
    return napNanoseconds > shortest ? .nap(nanoseconds: shortest) : .gather(nanoseconds: shortest)
  }

  /// Counts frames, and selects the nap by their rate at the end of a window.
  private mutating func measure(_ count: Int, _ now: UInt64) {
    windowFrames &+= UInt64(clamping: count)
    let elapsed = nanosecondsPassed(since: windowStart, until: now)
    guard elapsed >= Self.windowNanoseconds else { return }
    let (low, high) = (Self.ratePerMillisecond.lowerBound, Self.ratePerMillisecond.upperBound)
    let rate = min(max(windowFrames &* 1_000_000 / elapsed, low), high)
    let (shortest, longest) = (Self.napNanoseconds.lowerBound, Self.napNanoseconds.upperBound)
    napNanoseconds = shortest + (rate - low) * (longest - shortest) / (high - low)
    windowStart = now
    windowFrames = 0
  }
}
