/// What the kernel and the NIC's driver have counted on an interface since it was created.
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
  /// Bad frames received.
  public var receiveErrors: UInt64 = 0
  /// Frames that could not be sent.
  public var sendErrors: UInt64 = 0
  /// Good frames that the kernel had no room or no use for.
  public var receiveDropped: UInt64 = 0
  /// Frames that were dropped before they were sent.
  public var sendDropped: UInt64 = 0
  /// Multicast frames; not counted by every driver.
  public var receivedMulticastFrames: UInt64 = 0
  /// Collisions.
  public var collisions: UInt64 = 0
  /// Received frames with a wrong length.
  public var receiveLengthErrors: UInt64 = 0
  /// Received frames for which the NIC's own memory had no room.
  public var receiveOverErrors: UInt64 = 0
  /// Received frames with a wrong checksum.
  public var receiveCRCErrors: UInt64 = 0
  /// Received frames with an incomplete last byte.
  public var receiveFrameErrors: UInt64 = 0
  /// Received frames that arrived too fast.
  public var receiveFIFOErrors: UInt64 = 0
  /// Received frames for which the host had no room.
  public var receiveMissed: UInt64 = 0
  /// Frames given up after too many collisions.
  public var sendAborted: UInt64 = 0
  /// Frames that lost the carrier.
  public var sendCarrierErrors: UInt64 = 0
  /// Frames that the host did not provide fast enough.
  public var sendFIFOErrors: UInt64 = 0
  /// Frames without a heartbeat.
  public var sendHeartbeatErrors: UInt64 = 0
  /// Frames with a late collision.
  public var sendWindowErrors: UInt64 = 0

  /// Makes counters at zero.
  public init() {}

  /// Good frames lost on reception (OID_GEN_RCV_DISCARDS).
  public var receiveDiscards: UInt64 { receiveDropped &+ receiveMissed }

  /// The value of OID_GEN_STATISTICS (rules E-7, E-8).
  ///
  /// - Shape: 152 bytes, `[0x80][1][u16 152][u32 supported][u64 × 18]`; a counter that Linux does
  ///   not have is 0 and its bit is 0
  public var encoded: [UInt8] {
    // Discards, errors and bytes; multicast frames if the driver has counted one.
    let supported: UInt32 = 0x8 | 0x10 | 0x20 | 0x200 | 0x400 | 0x8000
    let multicast: UInt32 = receivedMulticastFrames > 0 ? 0x2 : 0
    return [0x80, 1, 152, 0] + [UInt8](littleEndian: supported | multicast)
      + [UInt8](
        littleEndian: receiveDiscards, receiveErrors, receivedBytes, 0, receivedMulticastFrames, 0,
        sentBytes, 0, 0, 0, sendErrors, sendDropped)
      + [UInt8](repeating: 0, count: 6 * 8)
  }
}
