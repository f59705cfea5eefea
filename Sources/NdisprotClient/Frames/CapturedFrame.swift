public import MDL
public import NDIS

/// A received frame, as a copy.
public struct CapturedFrame: Hashable, Sendable {
  /// The time of capture: nanoseconds since the epoch.
  public var timestampNanoseconds: UInt64
  /// The length on the wire.
  public var originalLength: Int
  /// The properties of the frame.
  public var flags: FrameRecord.Flags
  /// Frames that the open lost directly in front of this one.
  public var lostBefore: Int
  /// The frame from its destination address on, without the FCS.
  public var bytes: [UInt8]

  /// Makes a frame.
  public init(
    timestampNanoseconds: UInt64, originalLength: Int, flags: FrameRecord.Flags,
    lostBefore: Int = 0, bytes: [UInt8]
  ) {
    self.timestampNanoseconds = timestampNanoseconds
    self.originalLength = originalLength
    self.flags = flags
    self.lostBefore = lostBefore
    self.bytes = bytes
  }

  /// Copies a record of a message.
  init(_ header: FrameRecord, _ frame: RawSpan) {
    timestampNanoseconds = header.timestamp
    originalLength = Int(header.originalLength)
    flags = header.flags
    lostBefore = Int(header.lostBefore)
    bytes = unsafe frame.withUnsafeBytes { unsafe Array($0) }
  }
}

extension CapturedFrame {
  /// The addresses, the VLAN tag if present, and the EtherType; nil for fewer than 14 bytes.
  public var header: EthernetHeader? { unsafe EthernetHeader(bytes.span.bytes) }

  /// The bytes after the header, including the padding of a short frame.
  public var payload: ArraySlice<UInt8> { bytes.dropFirst(header?.byteCount ?? bytes.count) }
}
