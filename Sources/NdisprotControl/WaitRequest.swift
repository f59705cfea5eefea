public import NDIS

/// The payload of WAIT: which bindings, and how long.
///
/// - Shape: `[timeoutMilliseconds u32][nameCount u16][zero u16]`, 8 bytes, then each name as
///   `[length u16][UTF-8]` without padding
/// - Source: D-33
public struct WaitRequest: Hashable, Sendable {
  /// Bytes in front of the names.
  public static let fixedByteCount = 8

  /// The names of the interfaces that must be bound; none means the first binds are through.
  public var names: [InterfaceName]
  /// When the wait ends with `timedOut`.
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
    bytes.append(littleEndian: UInt16(clamping: names.count))
    bytes.append(zeros: 2)
    for name in names.prefix(Int(UInt16.max)) {
      let name = name.text.utf8
      bytes.append(littleEndian: UInt16(clamping: name.count))
      bytes.append(contentsOf: name)
    }
    return bytes
  }
}
