internal import MDL
internal import NDIS

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
      let rule = access.decidingRule(header.decidingType, vlan: header.decidingVLAN)
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
