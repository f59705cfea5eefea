public import NDIS

/// The payload of an event: the one message that is not a reply.
///
/// - Shape: 32 bytes, then the binding as it is since, if the header's count is 1
///   ```
///    0 u64 sequence      counts the session's events from 1, lost ones too
///    8 u64 lost          events in front of this one for which there was no room
///   16 u64 timestamp     nanoseconds since the epoch
///   24 u32 kind         28 u32 changeCount   how many changes it stands for
///   32 BindingEntry
///   ```
/// - Source: D-6, D-35
public struct EventMessage: Hashable, Sendable {
  /// The length of the fields before the binding.
  public static let fixedByteCount = 32

  /// Counts the events of the session from 1, lost ones too.
  public var sequence: UInt64
  /// Events in front of this one for which there was no room.
  public var lost: UInt64
  /// When it happened, in nanoseconds since the epoch.
  public var timestamp: UInt64
  /// What happened.
  public var kind: EventKind
  /// How many changes it stands for: more than 1 if only the last of several mattered.
  public var changeCount: UInt32
  /// The binding after the event, or before its removal; nil if the event is about the daemon.
  public var binding: BindingEntry?

  /// Makes an event.
  public init(
    sequence: UInt64, lost: UInt64, timestamp: UInt64, kind: EventKind, changeCount: UInt32,
    binding: BindingEntry?
  ) {
    self.sequence = sequence
    self.lost = lost
    self.timestamp = timestamp
    self.kind = kind
    self.changeCount = changeCount
    self.binding = binding
  }

  /// Decodes a payload; `bindingCount` is the header's count.
  public init(decoding payload: RawSpan, bindingCount: UInt32) throws(DecodeError) {
    var reader = PayloadReader(payload)
    sequence = try reader.integer()
    lost = try reader.integer()
    timestamp = try reader.integer()
    guard let kind = EventKind(rawValue: try reader.integer()) else { throw .invalidValue }
    self.kind = kind
    changeCount = try reader.integer()
    switch bindingCount {
    case 0: binding = nil
    case 1: binding = try BindingEntry(from: &reader)
    default: throw .invalidValue
    }
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: sequence)
    bytes.append(littleEndian: lost)
    bytes.append(littleEndian: timestamp)
    bytes.append(littleEndian: kind.rawValue)
    bytes.append(littleEndian: changeCount)
    if let binding { bytes.append(contentsOf: binding.encoded) }
    return bytes
  }
}
