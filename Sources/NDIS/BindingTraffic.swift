/// Frames and their bytes, by kind of destination.
///
/// - Units: `bytes` counts octets on the wire, headers included, without the FCS
public struct TrafficCounts: Hashable, Sendable {
  /// A pair of counters.
  public struct Pair: Hashable, Sendable {
    /// Frames.
    public var frames: UInt64 = 0
    /// Their bytes.
    public var bytes: UInt64 = 0

    /// Makes counters.
    @inlinable public init(frames: UInt64 = 0, bytes: UInt64 = 0) {
      self.frames = frames
      self.bytes = bytes
    }

    /// Counts a frame.
    @inlinable public mutating func count(byteCount: Int) {
      frames &+= 1
      bytes &+= UInt64(truncatingIfNeeded: byteCount)
    }

    /// Adds two counts.
    public static func + (left: Pair, right: Pair) -> Pair {
      Pair(frames: left.frames &+ right.frames, bytes: left.bytes &+ right.bytes)
    }

    /// A count without a part of it.
    public static func - (whole: Pair, part: Pair) -> Pair {
      Pair(frames: whole.frames &- part.frames, bytes: whole.bytes &- part.bytes)
    }
  }

  /// To a single station.
  public var directed = Pair()
  /// To a group other than broadcast.
  public var multicast = Pair()
  /// To the broadcast address.
  public var broadcast = Pair()

  /// Makes counters at zero.
  public init() {}
}

/// The binding's own counters and sizes.
public struct BindingTraffic: Hashable, Sendable {
  /// Frames that the interface received and the binding captured.
  public var received = TrafficCounts()
  /// Frames that the binding's opens sent.
  public var sent = TrafficCounts()
  /// Frames that were lost because the capture ring was full.
  public var captureDrops: UInt64 = 0
  /// Frames of accepted writes that the kernel has not taken yet.
  public var waitingFrames: UInt64 = 0
  /// Bytes of the capture ring, or of the ring that the binding would get.
  public var captureRingByteCount: UInt64 = 0

  /// Makes counters at zero.
  public init() {}
}
