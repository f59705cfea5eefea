internal import NDIS

/// The payload of OPEN with the purpose of the open: `run tcpdump`.
///
/// The text has no effect: the daemon writes it to the audit log as the client's own words.
///
/// - Shape: the payload of OPEN, then `[purpose, UTF-8, at most 64 bytes][its length u16]`, if the header's
///   count is 1; ``ProtocolFeatures/purposes``
public struct PurposefulOpen: Hashable, Sendable {
  /// The most bytes of a purpose.
  public static let maximumPurposeByteCount = 64

  /// The open.
  public var request: OpenRequest
  /// The purpose.
  public var purpose: String

  /// Creates the payload; a longer purpose is cut at a character boundary.
  public init(_ request: OpenRequest, purpose: String) {
    self.request = request
    self.purpose = String(purpose.utf8Prefix(Self.maximumPurposeByteCount)) ?? ""
  }

  /// Decodes a payload; `purposeCount` is the header's count; if 0, the payload is OPEN's alone.
  ///
  /// - Throws: as `OpenRequest`; `.invalidText` for a purpose that is too long, or not text
  public init(decoding payload: RawSpan, purposeCount: UInt32) throws(DecodeError) {
    guard purposeCount > 0 else {
      request = try OpenRequest(decoding: payload)
      purpose = ""
      return
    }
    guard purposeCount == 1 else { throw .invalidValue }
    guard payload.byteCount >= 2 else { throw .tooShort }
    let front = payload.byteCount - 2
    var last = PayloadReader(payload.extracting(droppingFirst: front))
    let byteCount = Int(try last.integer(UInt16.self))
    guard byteCount <= Self.maximumPurposeByteCount else { throw .invalidText }
    guard byteCount <= front else { throw .tooShort }
    request = try OpenRequest(decoding: payload.extracting(first: front - byteCount))
    var text = PayloadReader(payload.extracting(front - byteCount..<front))
    purpose = try text.text(byteCount)
  }

  /// The bytes of the payload, for a header with count 1.
  public var encoded: [UInt8] {
    var bytes = request.encoded
    let text = Array(purpose.utf8)
    bytes += text
    bytes.append(littleEndian: UInt16(clamping: text.count))
    return bytes
  }
}
