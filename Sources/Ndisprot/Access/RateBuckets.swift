internal import NDIS

/// The token buckets of one binding: one per user and rule that limits the rate.
///
/// - Thread: the binding's thread
struct RateBuckets {
  private struct Key: Hashable {
    let rule: String
    let userID: UInt32
  }

  private var buckets: [Key: TokenBucket] = [:]

  /// The limiter of a user under a grant; nil if nothing limits it.
  ///
  /// An existing bucket is shared, and takes the current limit of the rule.
  mutating func limiter(of access: AccessGrant, userID: UInt32) -> RateLimiter? {
    guard access.isRateLimited else { return nil }
    var limits: [TokenBucket?] = []
    for rule in access.rules {
      limits.append(rule.rate.map { bucket(Key(rule: rule.name, userID: userID), $0) })
    }
    return RateLimiter(access, limits)
  }

  private mutating func bucket(_ key: Key, _ limit: RateLimit) -> TokenBucket {
    if let known = buckets[key] {
      known.follow(limit)
      return known
    }
    let bucket = TokenBucket(limit)
    buckets[key] = bucket
    return bucket
  }
}
