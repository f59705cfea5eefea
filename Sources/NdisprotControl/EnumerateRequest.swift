internal import NDIS

/// The payload of ENUMERATE: where to continue.
///
/// - Shape: `[afterInterfaceIndex u32][zero u32]`, 8 bytes
public struct EnumerateRequest: Hashable, Sendable {
  /// Bytes of the payload.
  public static let byteCount = 8

  /// Only bindings with a higher interface index are returned; 0 returns all.
  public var afterInterfaceIndex: UInt32

  /// Makes the payload.
  public init(afterInterfaceIndex: UInt32 = 0) {
    self.afterInterfaceIndex = afterInterfaceIndex
  }

  /// Decodes a payload.
  public init(decoding payload: RawSpan) throws(DecodeError) {
    var reader = PayloadReader(payload)
    afterInterfaceIndex = try reader.integer()
    try reader.zeros(4)
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: afterInterfaceIndex)
    bytes.append(zeros: 4)
    return bytes
  }
}

/// The payload of ENUMERATE's reply: entries in ascending order of the interface index.
///
/// - Shape: `[generation u64][hasMore u32][zero u32]`, 16 bytes, then as many entries as the
///   header's count says
public struct EnumerateReply: Hashable, Sendable {
  /// The length of the fields before the entries.
  public static let fixedByteCount = 16

  /// Changes whenever a binding is added, removed or changed.
  public var generation: UInt64
  /// Whether more bindings follow the last entry.
  public var hasMore: Bool
  /// The bindings; an entry is never cut.
  public var entries: [BindingEntry]

  /// Creates a reply with as many entries as fit `byteLimit` bytes; the others set `hasMore`.
  public init(generation: UInt64, entries: [BindingEntry], byteLimit: Int) {
    self.generation = generation
    (self.entries, hasMore) = entries.fitting(byteLimit - Self.fixedByteCount, { $0.encoded.count })
  }

  /// Decodes a payload; `entryCount` is the header's count.
  public init(decoding payload: RawSpan, entryCount: UInt32) throws(DecodeError) {
    var reader = PayloadReader(payload)
    generation = try reader.integer()
    hasMore = try reader.flag()
    try reader.zeros(4)
    entries = []
    // A wrong count ends at the first missing entry, before anything is reserved.
    for _ in 0..<entryCount { entries.append(try BindingEntry(from: &reader)) }
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: generation)
    bytes.append(littleEndian: UInt32(hasMore ? 1 : 0))
    bytes.append(zeros: 4)
    for entry in entries { bytes.append(contentsOf: entry.encoded) }
    return bytes
  }
}
