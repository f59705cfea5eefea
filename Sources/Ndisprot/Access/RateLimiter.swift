internal import MDL
internal import NDIS

/// Whose bucket: one of each user under each rule, on one binding.
struct BucketKey: Hashable {
  let rule: String
  let userID: UInt32
}

/// The buckets of one open, one for each of its grant's rules that limits the rate.
///
/// - Thread: the binding's thread
final class RateLimiter {
  private let access: AccessGrant
  /// As the rules of the grant; nil for one without a limit.
  private let buckets: [TokenBucket?]

  init(_ access: AccessGrant, _ buckets: [TokenBucket?]) {
    self.access = access
    self.buckets = buckets
  }

  /// A batch is about to be made.
  func beginBatch(nowNanoseconds: UInt64) {
    for bucket in buckets { bucket?.beginBatch(nowNanoseconds: nowNanoseconds) }
  }

  private func bucket(of frame: RawSpan) -> TokenBucket? {
    guard let header = MDLSpan(frame).ethernetHeader,
      let rule = access.decidingRule(header.typeBehindCustomerTag, vlan: header.customerVLAN)
    else { return nil }
    return buckets[rule]
  }

  /// Reserves what a frame costs; false if it comes too fast.
  func reserve(_ frame: RawSpan) -> Bool {
    bucket(of: frame)?.reserve(byteCount: frame.byteCount) ?? true
  }

  /// A frame that was reserved is on the wire.
  func spend(_ frame: RawSpan) { bucket(of: frame)?.spend(byteCount: frame.byteCount) }
}

extension BindingDataPath {
  /// What limits an open; nil if nothing does.
  func limiter(of open: OpenContext) -> RateLimiter? {
    let access = open.filter.access
    guard access.isRateLimited else { return nil }
    let buckets = access.rules.map { rule in
      rule.rate.map { limit in
        bucket(BucketKey(rule: rule.name, userID: open.client.userID), limit)
      }
    }
    return RateLimiter(access, buckets)
  }

  private func bucket(_ key: BucketKey, _ limit: RateLimit) -> TokenBucket {
    if let known = buckets[key] {
      known.follow(limit)
      return known
    }
    let bucket = TokenBucket(limit)
    buckets[key] = bucket
    return bucket
  }
}
