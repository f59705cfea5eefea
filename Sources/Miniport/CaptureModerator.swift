internal import NDIS

/// When to look at the ring again: when the descriptor says so, or after a nap.
///
/// Under load, waiting for each frame to wake the thread costs more than the frame; a nap of 20 µs
/// after a look that found four lets frames gather. A lone frame is never delayed.
/// ```
///   watching ──found ≥ 4──► napping ──found 0 twice in a row──► watching
/// ```
/// - Source: `spec/performance.md` section 1
struct CaptureModerator {
  /// What to do until the next look.
  enum Action: Equatable {
    /// Wait for the descriptor.
    case watch
    /// Look again after so many nanoseconds, the descriptor out of epoll.
    case nap(nanoseconds: UInt64)
  }

  /// Frames in one look from which on naps begin.
  static let threshold = 4
  /// A nap.
  static let napNanoseconds: UInt64 = 20_000

  private let isEnabled: Bool
  private var isNapping = false
  private var emptyLooks = 0

  init(_ profile: CaptureProfile) {
    // Blocks are moderation enough.
    isEnabled = profile == .latency
  }

  /// Judges a look that found `count` frames of at most `chunk`.
  mutating func looked(found count: Int, of chunk: Int) -> Action {
    guard isEnabled else { return .watch }
    if count >= Self.threshold { isNapping = true }
    emptyLooks = count == 0 ? emptyLooks + 1 : 0
    if emptyLooks >= 2 { isNapping = false }
    guard isNapping else { return .watch }
    return .nap(nanoseconds: count >= chunk ? 0 : Self.napNanoseconds)
  }
}
