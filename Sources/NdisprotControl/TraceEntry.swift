internal import NDIS

/// One event of the daemon's trace, in the reply to the command `trace` of ADMINISTRATION.
///
/// - Shape: 48 bytes, then texts of `[byteCount u32][UTF-8][zeros up to a multiple of 8]`
///   ```
///    0 u64 sequence                           8 u64 time    nanoseconds, CLOCK_MONOTONIC
///   16 u64 object           all ones: none   24 u64 first   32 u64 second
///   40 u32 thread                            44 u32 interfaceIndex   0: none
///   48 texts component, name
///   ```
public struct TraceEntry: Hashable, Sendable {
  /// Counts the events since recording began.
  public var sequence: UInt64
  /// Nanoseconds on the monotonic clock.
  public var nanoseconds: UInt64
  /// The object concerned.
  public var object: UInt64?
  /// A number whose meaning depends on the name.
  public var first: UInt64
  /// A second number.
  public var second: UInt64
  /// The kernel's id of the thread.
  public var threadID: UInt32
  /// The interface of the binding concerned; 0 if none.
  public var interfaceIndex: UInt32
  /// The part of the daemon: `wdf`, `ndis`, `send`, `receive` or `control`.
  public var component: String
  /// What happened.
  public var name: String

  /// Makes an entry.
  public init(
    sequence: UInt64, nanoseconds: UInt64, object: UInt64?, first: UInt64, second: UInt64,
    threadID: UInt32, interfaceIndex: UInt32, component: String, name: String
  ) {
    self.sequence = sequence
    self.nanoseconds = nanoseconds
    self.object = object
    self.first = first
    self.second = second
    self.threadID = threadID
    self.interfaceIndex = interfaceIndex
    self.component = component
    self.name = name
  }

  /// Reads the next entry of a payload.
  init(from payload: inout PayloadReader) throws(DecodeError) {
    sequence = try payload.integer()
    nanoseconds = try payload.integer()
    let object: UInt64 = try payload.integer()
    self.object = object == .max ? nil : object
    first = try payload.integer()
    second = try payload.integer()
    threadID = try payload.integer()
    interfaceIndex = try payload.integer()
    component = try payload.countedText()
    name = try payload.countedText()
  }

  /// The bytes of the entry.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: sequence)
    bytes.append(littleEndian: nanoseconds)
    bytes.append(littleEndian: object ?? .max)
    bytes.append(littleEndian: first)
    bytes.append(littleEndian: second)
    bytes.append(littleEndian: threadID)
    bytes.append(littleEndian: interfaceIndex)
    bytes.append(counted: component)
    bytes.append(counted: name)
    return bytes
  }
}

/// The reply to the command `trace`: entries in ascending order of the sequence.
///
/// - Shape: `[next u64][hasMore u32][isRecording u32]`, then as many entries as the header's count says
public struct TraceReply: Hashable, Sendable {
  /// The cursor after the last entry.
  public var next: UInt64
  /// Whether more events follow the last entry already.
  public var hasMore: Bool
  /// Whether events are being recorded.
  public var isRecording: Bool
  /// The events; an entry is never cut.
  public var entries: [TraceEntry]

  /// Creates a reply with as many entries as fit `byteLimit` bytes; the others set `hasMore`.
  ///
  /// - Parameters:
  ///   - cursor: the requested sequence number
  ///   - entries: the events from there on, in ascending order
  ///   - isRecording: whether events are being recorded
  ///   - byteLimit: the most bytes of the payload
  public init(cursor: UInt64, entries: [TraceEntry], isRecording: Bool, byteLimit: Int) {
    (self.entries, hasMore) = entries.fitting(byteLimit - 16, { $0.encoded.count })
    self.isRecording = isRecording
    next = self.entries.last.map { $0.sequence &+ 1 } ?? cursor
  }

  /// Decodes a payload; `entryCount` is the header's count.
  public init(decoding payload: RawSpan, entryCount: UInt32) throws(DecodeError) {
    var reader = PayloadReader(payload)
    next = try reader.integer()
    hasMore = try reader.flag()
    isRecording = try reader.flag()
    entries = []
    for _ in 0..<entryCount { entries.append(try TraceEntry(from: &reader)) }
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: next)
    bytes.append(littleEndian: UInt32(hasMore ? 1 : 0))
    bytes.append(littleEndian: UInt32(isRecording ? 1 : 0))
    for entry in entries { bytes.append(contentsOf: entry.encoded) }
    return bytes
  }
}
