internal import MDL
internal import NDIS

/// The token buckets of one open, one for each of its grant's rules that limits the rate.
///
/// - Thread: the binding's thread
final class RateLimiter {
  private let access: AccessGrant
  /// In the order of the grant's rules; nil for a rule without a limit.
  private let buckets: [TokenBucket?]

  init(_ access: AccessGrant, _ buckets: [TokenBucket?]) {
    self.access = access
    self.buckets = buckets
  }

  /// Begins a batch.
  func beginBatch(nowNanoseconds: UInt64) {
    for bucket in buckets { bucket?.beginBatch(nowNanoseconds: nowNanoseconds) }
  }

  private func bucket(of frame: RawSpan) -> TokenBucket? {
    guard let header = MDLSpan(frame).ethernetHeader,
      let rule = access.decidingRule(header.decidingType, vlan: header.decidingVLAN)
    else { return nil }
    return buckets[rule]
  }

  /// Reserves the cost of a frame; false if the frame exceeds the rate.
  func reserve(_ frame: RawSpan) -> Bool {
    bucket(of: frame)?.reserve(byteCount: frame.byteCount) ?? true
  }

  /// Charges a reserved frame, which is on the wire now.
  func spend(_ frame: RawSpan) { bucket(of: frame)?.spend(byteCount: frame.byteCount) }
}
