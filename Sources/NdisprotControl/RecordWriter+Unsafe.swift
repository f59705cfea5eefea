public import NDIS

/// A message that is filled with records, in memory of its own that is reused.
///
/// ```
/// [header 40][record][record]…
///            ^ append                      seal: writes the header; message: the bytes to send
/// ```
///
/// - Ownership: owns its memory; `message` borrows it
/// - Complexity: one copy per frame, no allocation after `init`
@safe public struct RecordWriter: ~Copyable, @unchecked Sendable {  // One owner, no aliases.
  private let base: UnsafeMutableRawPointer
  private var end = MessageHeader.byteCount
  /// The most bytes of the message, header included.
  public let messageByteLimit: Int
  /// Records in the message.
  public private(set) var recordCount: UInt32 = 0
  /// Bytes of the frames in the message, without record headers and padding.
  public private(set) var frameByteCount = 0

  /// Allocates memory for one message of at most `messageByteLimit` bytes.
  public init(messageByteLimit: Int = MessageHeader.maximumMessageByteCount) {
    let limit = max(
      MessageHeader.byteCount, min(messageByteLimit, MessageHeader.maximumMessageByteCount))
    self.messageByteLimit = limit
    unsafe base = .allocate(byteCount: limit, alignment: 64)
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: limit)
  }

  deinit { unsafe base.deallocate() }

  /// Whether the message has no records.
  public var isEmpty: Bool { recordCount == 0 }

  /// Removes the records.
  public mutating func removeAll() {
    end = MessageHeader.byteCount
    recordCount = 0
    frameByteCount = 0
  }

  /// Whether a frame of this length still fits.
  public func hasRoom(forFrameOf byteCount: Int) -> Bool {
    byteCount <= messageByteLimit
      && FrameRecord.byteCount(ofFrame: byteCount) <= messageByteLimit &- end
  }

  /// Bytes of the records in the message: headers, frames and padding.
  public var recordByteCount: Int { end &- MessageHeader.byteCount }

  /// Appends a frame to write.
  ///
  /// - Returns: false if it does not fit; nothing changes then
  public mutating func append(_ frame: RawSpan) -> Bool {
    let length = UInt32(truncatingIfNeeded: frame.byteCount)
    return put(FrameRecord(length: length, originalLength: length), frame)
  }

  /// Appends a frame with its header; both lengths are at least the frame's.
  ///
  /// - Returns: false if it does not fit; nothing changes then
  public mutating func append(_ record: FrameRecord, _ frame: RawSpan) -> Bool {
    var record = record
    record.length = UInt32(truncatingIfNeeded: frame.byteCount)
    record.originalLength = max(record.originalLength, record.length)
    return put(record, frame)
  }

  @inline(__always)
  private mutating func put(_ record: FrameRecord, _ frame: RawSpan) -> Bool {
    let byteCount = frame.byteCount
    guard hasRoom(forFrameOf: byteCount) else { return false }
    let start = unsafe base + end
    let recordByteCount = FrameRecord.byteCount(ofFrame: byteCount)
    // The last 8 bytes first: those that the frame does not overwrite are the padding.
    unsafe UInt64(0).store(to: start + recordByteCount - 8)
    // A header's fields lie in memory as in a message, on a little-endian machine.
    unsafe start.storeBytes(of: record, as: FrameRecord.self)
    unsafe frame.withUnsafeBytes { bytes in
      guard let from = bytes.baseAddress else { return }
      unsafe (start + FrameRecord.headerByteCount).copyMemory(from: from, byteCount: byteCount)
    }
    // Bounded by the message's limit, all of them.
    end &+= recordByteCount
    recordCount &+= 1
    frameByteCount &+= byteCount
    return true
  }

  /// Appends a frame to write that `read` writes in place.
  ///
  /// - Parameters:
  ///   - byteLimit: the longest frame that `read` may return
  ///   - read: fills its argument from the front, and returns the number of bytes; 0 for no frame
  /// - Returns: false if a frame of `byteLimit` bytes does not fit, or `read` returned none;
  ///   nothing changes then
  public mutating func append(
    upTo byteLimit: Int, reading read: (inout MutableRawSpan) -> Int
  ) -> Bool {
    guard byteLimit >= 0, hasRoom(forFrameOf: byteLimit) else { return false }
    let start = unsafe base + end
    var room = unsafe MutableRawSpan(
      _unsafeStart: start + FrameRecord.headerByteCount, byteCount: byteLimit)
    let byteCount = min(read(&room), byteLimit)
    guard byteCount > 0 else { return false }
    let recordByteCount = FrameRecord.byteCount(ofFrame: byteCount)
    for offset in FrameRecord.headerByteCount + byteCount..<recordByteCount {
      unsafe UInt8(0).store(to: start + offset)
    }
    let length = UInt32(truncatingIfNeeded: byteCount)
    unsafe length.store(to: start)
    unsafe length.store(to: start + 4)
    unsafe UInt64(0).store(to: start + 8)
    unsafe UInt64(0).store(to: start + 16)
    end += recordByteCount
    recordCount += 1
    frameByteCount += byteCount
    return true
  }

  /// Writes the header in front of the records, with their count.
  public mutating func seal(_ header: MessageHeader) {
    var header = header
    header.count = recordCount
    unsafe header.encode(to: base)
  }

  /// The whole message, valid after `seal`.
  public var message: RawSpan {
    @_lifetime(borrow self) get {
      unsafe _overrideLifetime(
        RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: end), borrowing: self)
    }
  }

  /// The records alone.
  public var records: RawSpan {
    @_lifetime(borrow self) get { message.extracting(droppingFirst: MessageHeader.byteCount) }
  }
}
