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

  /// What a frame is that is not a received one to one station.
  enum Kind {
    case outgoing, broadcast, multicast

    /// Of a captured frame; nil for a received one to one station.
    init?(captured frame: ReceivedFrame) {
      if FrameRecord.Flags(rawValue: frame.flags).contains(.outgoing) {
        self = .outgoing
      } else if frame.bytes.isToGroup {
        self = frame.bytes.isToEverybody ? .broadcast : .multicast
      } else {
        return nil
      }
    }
  }

  /// Counts captured frames of a kind.
  mutating func countReceived(_ kind: Kind, _ counts: TrafficCounts.Pair) {
    switch kind {
    case .outgoing: outgoing = outgoing + counts
    case .broadcast: receivedBroadcast = receivedBroadcast + counts
    case .multicast: receivedMulticast = receivedMulticast + counts
    }
  }

  /// Counts frames to a group that were sent, alike but for their lengths.
  @inline(never) mutating func countSent(_ frame: RawSpan, _ counts: TrafficCounts.Pair) {
    if frame.isToEverybody {
      sentBroadcast = sentBroadcast + counts
    } else {
      sentMulticast = sentMulticast + counts
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
