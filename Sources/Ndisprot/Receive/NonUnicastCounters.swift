internal import MDL
internal import NDIS

// The counts by kind of destination: OID_GEN_DIRECTED_… to BROADCAST_…. Nearly all frames are
// unicast, so only the others are counted, and unicast is the difference to the sum.

/// Multicast and broadcast frames, in both directions.
struct NonUnicastCounters: Sendable {
  private var receivedMulticast = TrafficCounts.Pair()
  private var receivedBroadcast = TrafficCounts.Pair()
  /// Captured frames that this host sent.
  private var outgoing = TrafficCounts.Pair()
  private var sentMulticast = TrafficCounts.Pair()
  private var sentBroadcast = TrafficCounts.Pair()

  /// Adds other counts.
  mutating func add(_ other: NonUnicastCounters) {
    for count in [
      \.receivedMulticast, \.receivedBroadcast, \.outgoing, \.sentMulticast, \.sentBroadcast,
    ] as [WritableKeyPath<NonUnicastCounters, TrafficCounts.Pair>] {
      self[keyPath: count] = self[keyPath: count] + other[keyPath: count]
    }
  }

  /// Counts a captured frame that is outgoing, or to a group.
  @inline(never) mutating func countReceived(_ frame: ReceivedFrame) {
    let byteCount = frame.wireByteCount
    if FrameRecord.Flags(rawValue: frame.flags).contains(.outgoing) {
      outgoing.count(byteCount: byteCount)
    } else if frame.bytes.isToEverybody {
      receivedBroadcast.count(byteCount: byteCount)
    } else {
      receivedMulticast.count(byteCount: byteCount)
    }
  }

  /// Counts a sent frame to a group.
  @inline(never) mutating func countSent(_ frame: RawSpan) {
    if frame.isToEverybody {
      sentBroadcast.count(byteCount: frame.byteCount)
    } else {
      sentMulticast.count(byteCount: frame.byteCount)
    }
  }

  /// The counts of received frames by kind of destination, given the sum.
  func received(of all: TrafficCounts.Pair) -> TrafficCounts {
    var counts = TrafficCounts()
    counts.multicast = receivedMulticast
    counts.broadcast = receivedBroadcast
    counts.directed = all - outgoing - receivedMulticast - receivedBroadcast
    return counts
  }

  /// The counts of sent frames by kind of destination, given the sum.
  func sent(of all: TrafficCounts.Pair) -> TrafficCounts {
    var counts = TrafficCounts()
    counts.multicast = sentMulticast
    counts.broadcast = sentBroadcast
    counts.directed = all - sentMulticast - sentBroadcast
    return counts
  }
}
