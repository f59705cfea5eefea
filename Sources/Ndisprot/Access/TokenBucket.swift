internal import NDIS
internal import Platform

/// How fast one user may send under one rule, on one binding.
///
/// It fills with time, up to a twentieth of a second's worth, so that over a second or more the
/// rate stays within 5 % of the limit. A frame is reserved when it is checked and charged when it
/// is sent: a full interface queue costs no tokens.
///
/// - Units: tokens in billionths of a frame and of a byte
/// - Thread: the binding's thread
final class TokenBucket {
  private struct Level {
    let perSecond: UInt64
    /// Billionths; at most `capacity`, below zero after a frame that was longer than what was left.
    var tokens: Int64
    var reserved: Int64 = 0

    init(_ perSecond: UInt64) {
      // 2^32 a second is beyond any link here, and keeps a second's worth of billionths in 63 bits.
      self.perSecond = min(max(perSecond, 1), 1 << 32)
      tokens = 0
      tokens = capacity
    }

    var capacity: Int64 { max(Int64(perSecond) &* 50_000_000, 1_000_000_000) }

    mutating func fill(_ nanoseconds: UInt64) {
      // No more than this is ever needed to fill it, and it bounds the product.
      let useful = min(nanoseconds, 2_000_000_000)
      tokens = min(capacity, tokens &+ Int64(useful &* perSecond))
      reserved = 0
    }

    /// A second of the highest rate and a bucket's depth stay below 2^63 together.
    mutating func reserve(_ count: Int64, needsAll: Bool) -> Bool {
      let left = tokens &- reserved
      guard needsAll ? left >= 1_000_000_000 : left > 0 else { return false }
      reserved &+= count &* 1_000_000_000
      return true
    }

    mutating func spend(_ count: Int64) {
      tokens &-= count &* 1_000_000_000
      reserved &-= count &* 1_000_000_000
    }
  }

  private var frames: Level?
  private var bytes: Level?
  /// 0 until the first batch.
  private var filledAt: UInt64 = 0

  /// Makes a full bucket.
  init(_ limit: RateLimit) {
    frames = limit.framesPerSecond.map(Level.init)
    bytes = limit.bytesPerSecond.map(Level.init)
  }

  /// Takes a new limit; what was spent stays spent.
  func follow(_ limit: RateLimit) {
    let (oldFrames, oldBytes) = (frames?.tokens, bytes?.tokens)
    frames = limit.framesPerSecond.map(Level.init)
    bytes = limit.bytesPerSecond.map(Level.init)
    if let oldFrames, let level = frames { frames?.tokens = min(oldFrames, level.capacity) }
    if let oldBytes, let level = bytes { bytes?.tokens = min(oldBytes, level.capacity) }
  }

  /// Begins a batch: adds the tokens of the time passed, and clears the reservations.
  func beginBatch(nowNanoseconds: UInt64) {
    let elapsed = nanosecondsPassed(since: filledAt, until: nowNanoseconds)
    filledAt = nowNanoseconds
    frames?.fill(elapsed)
    bytes?.fill(elapsed)
  }

  /// Reserves the cost of a frame; false if the user exceeds the rate.
  func reserve(byteCount: Int) -> Bool {
    guard frames?.reserve(1, needsAll: true) ?? true else { return false }
    return bytes?.reserve(Int64(byteCount), needsAll: false) ?? true
  }

  /// Charges a reserved frame that was sent.
  func spend(byteCount: Int) {
    frames?.spend(1)
    bytes?.spend(Int64(byteCount))
  }
}
