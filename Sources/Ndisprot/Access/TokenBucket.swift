internal import NDIS

/// How fast one user may send under one rule, on one binding.
///
/// It fills with the time that passes, up to a twentieth of a second's worth, so that what was sent
/// in any time is within 5 % of the limit for a second and more. A frame is reserved when it is
/// checked and spent when it was sent: a full interface queue costs nobody his tokens.
///
/// - Units: tokens in billionths of a frame and of a byte
/// - Thread: the binding's thread
final class TokenBucket {
  private struct Level {
    let perSecond: UInt64
    /// Billionths; at most `capacity`, below zero when one frame was longer than what was there.
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
      // What fills it wholly is enough, and bounds the product.
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

  /// Takes another limit; what was spent stays spent.
  func follow(_ limit: RateLimit) {
    let (oldFrames, oldBytes) = (frames?.tokens, bytes?.tokens)
    frames = limit.framesPerSecond.map(Level.init)
    bytes = limit.bytesPerSecond.map(Level.init)
    if let oldFrames, let level = frames { frames?.tokens = min(oldFrames, level.capacity) }
    if let oldBytes, let level = bytes { bytes?.tokens = min(oldBytes, level.capacity) }
  }

  /// A batch is about to be made: time has passed, and nothing is reserved.
  func beginBatch(nowNanoseconds: UInt64) {
    let elapsed = nowNanoseconds &- min(filledAt, nowNanoseconds)
    filledAt = nowNanoseconds
    frames?.fill(elapsed)
    bytes?.fill(elapsed)
  }

  /// Reserves what a frame costs; false if the user is too fast.
  func reserve(byteCount: Int) -> Bool {
    guard frames?.reserve(1, needsAll: true) ?? true else { return false }
    return bytes?.reserve(Int64(byteCount), needsAll: false) ?? true
  }

  /// A reserved frame was sent.
  func spend(byteCount: Int) {
    frames?.spend(1)
    bytes?.spend(Int64(byteCount))
  }
}
