/// A frame in the capture ring, valid until the receive callback returns.
///
/// The compiler rejects code that keeps it, or a view of it, longer (cases C1, C2 and C7 to C12 of
/// the must-not-compile suite). What has to outlive the callback is copied.
///
/// - Ownership: borrows the capture ring
@safe
public struct ReceivedFrame: ~Escapable {
  /// The captured bytes, from the destination address on; their alignment is unspecified.
  public let bytes: RawSpan
  /// The time of capture, in nanoseconds since the epoch.
  public let timestampNanoseconds: UInt64
  // 32 bits each: four words in all are passed in registers, five in memory.
  @usableFromInline let wireLength: UInt32
  /// The flags of its frame record.
  public let flags: UInt32

  /// Wraps the arguments of a capture callback, where the length on the wire has 32 bits, too.
  @inlinable
  @_lifetime(copy bytes)
  public init(
    bytes: RawSpan, wireByteCount: Int, timestampNanoseconds: UInt64 = 0, flags: UInt32 = 0
  ) {
    self.bytes = bytes
    wireLength = UInt32(truncatingIfNeeded: wireByteCount)
    self.timestampNanoseconds = timestampNanoseconds
    self.flags = flags
  }

  /// The length of the frame on the wire, tag included.
  @inlinable
  public var wireByteCount: Int { Int(wireLength) }

  /// The captured bytes as a span.
  @inlinable
  public var span: MDLSpan {
    @_lifetime(copy self) get { MDLSpan(bytes) }
  }

  /// Whether the capture cut the frame.
  @inlinable
  public var isTruncated: Bool { bytes.byteCount < wireByteCount }
}
