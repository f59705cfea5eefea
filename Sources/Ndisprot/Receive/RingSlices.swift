/// The slices of a receive ring that make up one message.
///
/// - Shape: byte ranges `from ..< to` of positions; one that wraps in memory counts as two
/// - Ownership: refers to the ring's memory; valid until the next append
struct RingSlices {
  /// Segments of one message: the header, and what `sendmsg` takes without splitting (IOV_MAX is
  /// 1,024; 62 keeps the table on the stack).
  static let capacity = 62
  private(set) var ranges = InlineArray<62, Range<Int>>(repeating: 0..<0)
  private(set) var count = 0

  /// Whether another range is certain to fit, even if it wraps.
  var hasRoom: Bool { count &+ 2 < RingSlices.capacity }

  /// Adds a range of positions, split where the ring's memory ends.
  mutating func append(_ ring: borrowing ReceiveRing, from start: Int, to end: Int) {
    let wrap = (start | (ring.capacity &- 1)) &+ 1
    guard count &+ 2 <= RingSlices.capacity else { return }
    if end <= wrap {
      ranges[count] = start..<end
      count &+= 1
    } else {
      ranges[count] = start..<wrap
      ranges[count &+ 1] = wrap..<end
      count &+= 2
    }
  }
}
