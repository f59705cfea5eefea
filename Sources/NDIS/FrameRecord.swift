/// The header in front of every frame, in the receive ring and on the control channel.
///
/// A record is this header, the frame, and zero bytes up to a multiple of 8, so that a ring of
/// records can be sent without copying.
///
/// - Shape: 24 bytes, little-endian
///   ```
///    0 u32 length           bytes that follow, without the padding
///    4 u32 originalLength   on the wire, tag included, without the FCS
///    8 u64 timestamp        ns since the epoch; 0 in a write
///   16 u32 flags            1 truncated 2 outgoing 4 looped 8 tag put back 16 hardware time
///   20 u32 lostBefore       frames lost in front of this one; 0 in a write
///   ```
/// - Source: `NdisprotControl.docc/Protocol.md`
public struct FrameRecord: BitwiseCopyable, Equatable, Sendable {
  /// The length of the header.
  @inlinable public static var headerByteCount: Int { 24 }
  /// Every record starts at a multiple of this.
  @inlinable public static var alignment: Int { 8 }

  /// Properties of one frame.
  ///
  /// The members are computed: a stored constant of another module costs one call per frame.
  public struct Flags: OptionSet, BitwiseCopyable, Hashable, Sendable {
    /// The bits of the record's flags field.
    public let rawValue: UInt32
    /// Wraps any bits.
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// The record holds fewer bytes than were on the wire.
    @inlinable public static var truncated: Flags { Flags(rawValue: 1) }
    /// Sent by this host, not received.
    @inlinable public static var outgoing: Flags { Flags(rawValue: 2) }
    /// Written by this same open, and looped back.
    @inlinable public static var looped: Flags { Flags(rawValue: 4) }
    /// The kernel had removed the VLAN tag; it was put back in its place.
    @inlinable public static var tagPutBack: Flags { Flags(rawValue: 8) }
    /// The timestamp is the NIC's, not the kernel's.
    @inlinable public static var hardwareTime: Flags { Flags(rawValue: 16) }
  }

  /// The length of the frame in this record.
  public var length: UInt32
  /// The length of the frame on the wire.
  public var originalLength: UInt32
  /// Nanoseconds since the epoch; 0 in a write.
  public var timestamp: UInt64
  /// The properties of the frame.
  public var flags: Flags
  /// Frames that the open lost between the previous frame it read and this one.
  ///
  /// 0 in a write, in the receive ring, and for a client that did not request it in HELLO.
  public var lostBefore: UInt32

  /// Makes a header.
  @inlinable public init(
    length: UInt32, originalLength: UInt32, timestamp: UInt64 = 0, flags: Flags = [],
    lostBefore: UInt32 = 0
  ) {
    self.length = length
    self.originalLength = originalLength
    self.timestamp = timestamp
    self.flags = flags
    self.lostBefore = lostBefore
  }

  /// The length of a whole record with a frame of `length` bytes: header, frame, padding.
  ///
  /// `length` is at most a message's 128 KiB here, so nothing overflows.
  @inlinable public static func byteCount(ofFrame length: Int) -> Int {
    headerByteCount &+ ((length &+ 7) & ~7)
  }

  /// The length of the longest record of an interface: a frame of the MTU with two tags, or the 256
  /// KiB that libpcap keeps of a longer frame: an MTU may be unlimited.
  public static func byteCount(ofMTU mtu: UInt32) -> Int {
    byteCount(ofFrame: Int(clamping: min(UInt64(mtu) &+ 22, 262_144)))
  }
}
