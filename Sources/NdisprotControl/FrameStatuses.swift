public import NDIS

/// The payload of WRITE_BATCH's reply: the status of each frame, in order.
///
/// - Shape: `[NTSTATUS u32][NDIS_STATUS u32][errno u32]` per frame, 12 bytes
/// - Ownership: borrows the payload
public struct FrameStatuses: ~Escapable {
  private let payload: RawSpan

  /// The length of one status.
  public static let statusByteCount = 12

  /// Wraps a payload; `frameCount` is the header's count.
  @_lifetime(copy payload)
  public init(_ payload: RawSpan, frameCount: UInt32) throws(DecodeError) {
    let wanted = Int(frameCount) * Self.statusByteCount
    guard payload.byteCount >= wanted else { throw .tooShort }
    guard payload.byteCount == wanted else { throw .trailingBytes }
    self.payload = payload
  }

  /// Wraps the payload of a reply, which may end with the reason of a refusal.
  @_lifetime(copy payload)
  public init(_ payload: RawSpan, of header: MessageHeader) throws(DecodeError) {
    guard header.hasReason else {
      try self.init(payload, frameCount: header.count)
      return
    }
    let wanted = Int(header.count) * Self.statusByteCount
    try self.init(payload.extracting(first: wanted), frameCount: header.count)
  }

  /// The number of frames.
  public var count: Int { payload.byteCount / Self.statusByteCount }

  /// The status of one frame; `index` is below `count`.
  public subscript(index: Int) -> CompletionStatus {
    let bytes = payload.extracting(
      index * Self.statusByteCount..<(index + 1) * Self.statusByteCount)
    return unsafe CompletionStatus(
      NTStatus(rawValue: UInt32(littleEndianIn: bytes, at: 0)),
      NDISStatus(rawValue: UInt32(littleEndianIn: bytes, at: 4)),
      Int32(littleEndianIn: bytes, at: 8))
  }

  /// The index of the first frame that was not sent, nil if all were.
  ///
  /// - Complexity: O(`count`), no allocation
  public var firstFailure: Int? {
    for index in 0..<count where !self[index].isSuccess { return index }
    return nil
  }
}

extension CompletionStatus {
  /// The 12 bytes of a frame's status.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: ntStatus.rawValue)
    bytes.append(littleEndian: ndisStatus.rawValue)
    bytes.append(littleEndian: errno)
    return bytes
  }
}
