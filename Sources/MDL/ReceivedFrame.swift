/// A frame in the capture ring, valid until the receive callback returns.
///
/// The compiler refuses to keep it, or any view of it, longer (cases C1, C2 and C7 to C12 of the
/// must-not-compile suite). What shall outlive the callback is copied.
///
/// - Ownership: borrows the capture ring
@safe
public struct ReceivedFrame: ~Escapable {
  /// The captured bytes, from the destination address on; no promise about alignment.
  public let bytes: RawSpan
  /// How many bytes the frame had on the wire, its tag included.
  public let wireByteCount: Int
  /// When it was captured, in nanoseconds since the epoch.
  public let timestampNanoseconds: UInt64
  /// The flags of its frame record.
  public let flags: UInt32

  /// Wraps what a capture callback was handed.
  @inlinable
  @_lifetime(copy bytes)
  public init(
    bytes: RawSpan, wireByteCount: Int, timestampNanoseconds: UInt64 = 0, flags: UInt32 = 0
  ) {
    self.bytes = bytes
    self.wireByteCount = wireByteCount
    self.timestampNanoseconds = timestampNanoseconds
    self.flags = flags
  }

  /// The captured bytes as a span.
  @inlinable
  public var span: MDLSpan {
    @_lifetime(copy self) get { MDLSpan(bytes) }
  }

  /// Whether the capture cut the frame.
  @inlinable
  public var isTruncated: Bool { bytes.byteCount < wireByteCount }
}
