internal import MDL
public import NDIS

// Who the frames are for: OID_GEN_DIRECTED_… to BROADCAST_…. Nearly all frames are to one station, so
// only the others are counted, and the rest is what is left of the sum.

/// Frames that are not to one station, of both directions.
struct GroupTraffic: Sendable {
  var receivedMulticast = TrafficCounts.Pair()
  var receivedBroadcast = TrafficCounts.Pair()
  /// Captured frames that this host sent.
  var outgoing = TrafficCounts.Pair()
  var sentMulticast = TrafficCounts.Pair()
  var sentBroadcast = TrafficCounts.Pair()

  /// Adds what another has counted.
  mutating func add(_ other: GroupTraffic) {
    for count in [
      \.receivedMulticast, \.receivedBroadcast, \.outgoing, \.sentMulticast, \.sentBroadcast,
    ] as [WritableKeyPath<GroupTraffic, TrafficCounts.Pair>] {
      self[keyPath: count] = self[keyPath: count] + other[keyPath: count]
    }
  }
}

extension RawSpan {
  /// Whether the frame is to a group, or to everybody.
  @inline(__always) var isToGroup: Bool {
    guard byteCount >= 6 else { return false }
    return unsafe unsafeLoad(fromByteOffset: 0, as: UInt8.self) & 1 == 1
  }

  /// Whether a frame to a group is to everybody.
  fileprivate var isToEverybody: Bool {
    let first = unsafe unsafeLoadUnaligned(fromByteOffset: 0, as: UInt32.self)
    let last = unsafe unsafeLoadUnaligned(fromByteOffset: 4, as: UInt16.self)
    return first == .max && last == .max
  }
}

extension BindingDataPath {
  /// Counts a captured frame that is outgoing, or to a group.
  @inline(never) func countReceived(_ frame: ReceivedFrame) {
    let byteCount = frame.wireByteCount
    if FrameRecord.Flags(rawValue: frame.flags).contains(.outgoing) {
      hot.value.groups.outgoing.count(byteCount: byteCount)
    } else if frame.bytes.isToEverybody {
      hot.value.groups.receivedBroadcast.count(byteCount: byteCount)
    } else {
      hot.value.groups.receivedMulticast.count(byteCount: byteCount)
    }
  }

  /// Counts a frame to a group that was sent.
  @inline(never) func countSent(_ frame: RawSpan) {
    if frame.isToEverybody {
      hot.value.groups.sentBroadcast.count(byteCount: frame.byteCount)
    } else {
      hot.value.groups.sentMulticast.count(byteCount: frame.byteCount)
    }
  }

  /// What the binding has counted, and what waits here.
  public var traffic: BindingTraffic {
    var whole = binding.counted
    whole.add(totals)
    var traffic = whole.traffic
    traffic.waitingFrames = opens.reduce(0) { $0 &+ $1.pendedFrames }
    traffic.captureRingByteCount = UInt64(clamping: capture.ringByteCount)
    return traffic
  }
}

extension AdapterBinding {
  /// What was counted while the binding had a thread, for when it has none.
  public var idleTraffic: BindingTraffic { counted.traffic }
}

extension AdapterBinding.Totals {
  /// The counts by whom the frames are for.
  fileprivate var traffic: BindingTraffic {
    var traffic = BindingTraffic()
    traffic.received.multicast = groups.receivedMulticast
    traffic.received.broadcast = groups.receivedBroadcast
    traffic.received.directed =
      TrafficCounts.Pair(frames: frames, bytes: bytes) - groups.outgoing
      - groups.receivedMulticast - groups.receivedBroadcast
    traffic.sent.multicast = groups.sentMulticast
    traffic.sent.broadcast = groups.sentBroadcast
    traffic.sent.directed =
      TrafficCounts.Pair(frames: sent, bytes: sentBytes) - groups.sentMulticast
      - groups.sentBroadcast
    traffic.captureDrops = kernel.drops
    return traffic
  }
}
