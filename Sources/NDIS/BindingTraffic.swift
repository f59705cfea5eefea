/// Frames and their bytes, by whom they are for.
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

    /// What is left of a count without a part of it.
    public static func - (whole: Pair, part: Pair) -> Pair {
      Pair(frames: whole.frames &- part.frames, bytes: whole.bytes &- part.bytes)
    }
  }

  /// To one station.
  public var directed = Pair()
  /// To a group, but not to everybody.
  public var multicast = Pair()
  /// To everybody.
  public var broadcast = Pair()

  /// Makes counters at zero.
  public init() {}
}

/// What a binding has counted itself, and what it has.
public struct BindingTraffic: Hashable, Sendable {
  /// Frames that the interface received and the binding captured.
  public var received = TrafficCounts()
  /// Frames that the binding's opens sent.
  public var sent = TrafficCounts()
  /// Frames that found the capture ring full.
  public var captureDrops: UInt64 = 0
  /// Frames of accepted writes that the kernel has not taken yet.
  public var waitingFrames: UInt64 = 0
  /// Bytes of the capture ring, which it has or would be given.
  public var captureRingByteCount: UInt64 = 0

  /// Makes counters at zero.
  public init() {}
}
