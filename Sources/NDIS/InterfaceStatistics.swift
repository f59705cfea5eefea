/// What the kernel and the card's driver have counted on an interface, since it is there.
///
/// - Source: `struct rtnl_link_stats64`, `<linux/if_link.h>`
public struct InterfaceStatistics: Hashable, Sendable {
  /// Frames received.
  public var receivedFrames: UInt64 = 0
  /// Frames sent.
  public var sentFrames: UInt64 = 0
  /// Bytes received.
  public var receivedBytes: UInt64 = 0
  /// Bytes sent.
  public var sentBytes: UInt64 = 0
  /// Frames that were bad.
  public var receiveErrors: UInt64 = 0
  /// Frames that could not be sent.
  public var sendErrors: UInt64 = 0
  /// Good frames that the kernel had no room or no use for.
  public var receiveDropped: UInt64 = 0
  /// Frames that were dropped before they were sent.
  public var sendDropped: UInt64 = 0
  /// Frames to groups; not every driver counts them.
  public var receivedMulticastFrames: UInt64 = 0
  /// Collisions.
  public var collisions: UInt64 = 0
  /// Received frames of a wrong length.
  public var receiveLengthErrors: UInt64 = 0
  /// Received frames that the card's own memory had no room for.
  public var receiveOverErrors: UInt64 = 0
  /// Received frames with a wrong checksum.
  public var receiveCRCErrors: UInt64 = 0
  /// Received frames that were no whole bytes.
  public var receiveFrameErrors: UInt64 = 0
  /// Received frames that came too fast.
  public var receiveFIFOErrors: UInt64 = 0
  /// Received frames that the host had no room for.
  public var receiveMissed: UInt64 = 0
  /// Frames given up after too many collisions.
  public var sendAborted: UInt64 = 0
  /// Frames during which the carrier went.
  public var sendCarrierErrors: UInt64 = 0
  /// Frames that the host did not hand over fast enough.
  public var sendFIFOErrors: UInt64 = 0
  /// Frames whose heartbeat was missing.
  public var sendHeartbeatErrors: UInt64 = 0
  /// Frames with a late collision.
  public var sendWindowErrors: UInt64 = 0

  /// Makes counters at zero.
  public init() {}

  /// Good frames that were lost on the way in (OID_GEN_RCV_DISCARDS).
  public var receiveDiscards: UInt64 { receiveDropped &+ receiveMissed }

  /// The structure that OID_GEN_STATISTICS answers (rules E-7, E-8).
  ///
  /// - Shape: 152 bytes, `[0x80][1][u16 152][u32 supported][u64 × 18]`; what Linux does not count
  ///   is 0 and its bit is 0
  public var encoded: [UInt8] {
    // Discards, errors and bytes; frames to groups if the driver has counted one.
    let supported: UInt32 = 0x8 | 0x10 | 0x20 | 0x200 | 0x400 | 0x8000
    let multicast: UInt32 = receivedMulticastFrames > 0 ? 0x2 : 0
    return [0x80, 1, 152, 0] + [UInt8](littleEndian: supported | multicast)
      + [UInt8](
        littleEndian: receiveDiscards, receiveErrors, receivedBytes, 0, receivedMulticastFrames, 0,
        sentBytes, 0, 0, 0, sendErrors, sendDropped)
      + [UInt8](repeating: 0, count: 6 * 8)
  }
}
