internal import NDIS

extension ReceiveFilter {
  /// The number of records between two positions that are for the open.
  ///
  /// - Parameters:
  ///   - ring: the ring with the records
  ///   - start: the first record
  ///   - end: the position after the last one
  ///   - onlyLooped: whether to ignore captured records
  /// - Returns: the number of records
  /// - Complexity: O(records)
  func count(
    on ring: borrowing ReceiveRing, from start: Int, to end: Int, onlyLooped: Bool = false
  ) -> UInt64 {
    var count: UInt64 = 0
    var at = start
    while at < end {
      if !onlyLooped || ring.flags(at: at).contains(.looped), verdict(on: ring, at: at) == .matched
      {
        count &+= 1
      }
      at = ring.position(after: at)
    }
    return count
  }
}
