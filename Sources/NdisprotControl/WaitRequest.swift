public import NDIS

/// The payload of WAIT: the interfaces, and the timeout.
///
/// - Shape: `[timeoutMilliseconds u32][nameCount u16][zero u16]`, 8 bytes, then at most 16 names, each
///   `[length u16][UTF-8]` without padding
/// - Source: D-33
public struct WaitRequest: Hashable, Sendable {
  /// The most names of one wait; a client that waits for more sends several.
  public static let maximumNameCount = 16
  /// The length of the fields before the names.
  public static let fixedByteCount = 8

  /// The interfaces that must be bound; empty waits until the first binds are complete.
  public var names: [InterfaceName]
  /// When the wait ends with `timedOut`; the daemon limits it to 24 hours.
  public var timeoutMilliseconds: UInt32

  /// Makes the payload.
  public init(names: [InterfaceName], timeoutMilliseconds: UInt32) {
    self.names = names
    self.timeoutMilliseconds = timeoutMilliseconds
  }

  /// Decodes a payload.
  public init(decoding payload: RawSpan) throws(DecodeError) {
    var reader = PayloadReader(payload)
    timeoutMilliseconds = try reader.integer()
    let nameCount: UInt16 = try reader.integer()
    try reader.zeros(2)
    guard nameCount <= WaitRequest.maximumNameCount else { throw .invalidValue }
    names = []
    for _ in 0..<nameCount {
      let byteCount: UInt16 = try reader.integer()
      names.append(try reader.interfaceName(Int(byteCount)))
    }
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: timeoutMilliseconds)
    let names = names.prefix(WaitRequest.maximumNameCount)
    bytes.append(littleEndian: UInt16(names.count))
    bytes.append(zeros: 2)
    for name in names {
      let name = name.text.utf8
      bytes.append(littleEndian: UInt16(clamping: name.count))
      bytes.append(contentsOf: name)
    }
    return bytes
  }
}
