internal import NDIS

extension ReceiveFilter {
  /// How many records between two positions are the open's.
  ///
  /// - Parameters:
  ///   - ring: where they lie
  ///   - start: the first record
  ///   - end: behind the last one
  ///   - onlyLooped: leaves captured records out
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
