public import NDIS

/// Iterates over the records of a payload, without copying and without allocation.
///
/// Every length is checked against what is left, and the number of records against the header's
/// count; after the last one nothing may be left.
///
/// - Shape: records as `NDIS.FrameRecord` draws them: 24 bytes, the frame, padding up to a multiple
///   of 8, the last one padded too
/// - Ownership: borrows the payload
/// - Complexity: O(1) per record
public struct RecordReader: ~Escapable {
  /// One frame and its header.
  public struct Record: ~Escapable, BitwiseCopyable {
    /// The header of the frame.
    public let header: FrameRecord
    /// The frame, `header.length` bytes.
    public let frame: RawSpan

    @inlinable @_lifetime(copy frame)
    init(_ header: FrameRecord, _ frame: RawSpan) {
      self.header = header
      self.frame = frame
    }
  }

  @usableFromInline let payload: RawSpan
  @usableFromInline var offset = 0
  @usableFromInline var left: UInt32

  /// Starts before the first record; `recordCount` is the header's count.
  @inlinable @_lifetime(copy payload)
  public init(_ payload: RawSpan, recordCount: UInt32) {
    self.payload = payload
    left = recordCount
  }

  /// Records that are left.
  public var remainingCount: UInt32 { left }

  /// The next record; nil after the last one.
  ///
  /// - Throws: `.tooShort` for an incomplete record, `.trailingBytes` for bytes after the last one
  @inlinable @_lifetime(copy self)
  public mutating func next() throws(DecodeError) -> Record? {
    let rest = payload.byteCount &- offset
    guard left > 0 else {
      guard rest == 0 else { throw .trailingBytes }
      return nil
    }
    guard let (header, byteCount) = Self.record(in: payload, at: offset) else { throw .tooShort }
    let frame = unsafe payload.extracting(
      unchecked: Range(
        uncheckedBounds: (
          offset &+ FrameRecord.headerByteCount,
          offset &+ FrameRecord.headerByteCount &+ Int(header.length)
        )))
    offset &+= byteCount
    left &-= 1
    return Record(header, frame)
  }

  /// Whether a payload consists of exactly `recordCount` records.
  ///
  /// - Complexity: O(`recordCount`), no allocation
  public static func areWellFormed(_ payload: RawSpan, recordCount: Int) -> Bool {
    var offset = 0
    var left = recordCount
    while left > 0 {
      guard let (_, byteCount) = record(in: payload, at: offset) else { return false }
      offset &+= byteCount
      left &-= 1
    }
    return left == 0 && offset == payload.byteCount
  }

  /// The header of the record at `offset`, and the bytes of the whole record; nil if it is incomplete.
  @inlinable @inline(__always)
  static func record(
    in payload: RawSpan, at offset: Int
  ) -> (header: FrameRecord, byteCount: Int)? {
    let rest = payload.byteCount &- offset
    guard rest >= FrameRecord.headerByteCount else { return nil }
    let header = unsafe FrameRecord(uncheckedBytes: payload, at: offset)
    // A payload has at most 128 KiB, so an `Int` holds every sum of a `UInt32` and these.
    let byteCount = FrameRecord.byteCount(ofFrame: Int(header.length))
    return byteCount <= rest ? (header, byteCount) : nil
  }
}

extension FrameRecord {
  /// Loads a record's header; the caller has checked that its 24 bytes are there.
  @inlinable @inline(__always)
  @unsafe init(uncheckedBytes bytes: RawSpan, at offset: Int) {
    unsafe self.init(
      length: UInt32(littleEndianIn: bytes, at: offset),
      originalLength: UInt32(littleEndianIn: bytes, at: offset &+ 4),
      timestamp: UInt64(littleEndianIn: bytes, at: offset &+ 8),
      flags: Flags(rawValue: UInt32(littleEndianIn: bytes, at: offset &+ 16)),
      lostBefore: UInt32(littleEndianIn: bytes, at: offset &+ 20))
  }
}
