public import NDIS

/// The payload of STATISTICS: the interface, and the page.
///
/// - Shape: 24 bytes
///   ```
///    0 u32 interfaceIndex    4 u32 after.kind      8 u32 after.interfaceIndex
///   12 u32 zero             16 u64 after.id
///   ```
public struct StatisticsRequest: Hashable, Sendable {
  /// Bytes of the payload.
  public static let byteCount = 24

  /// The interface; 0 selects everything that the caller may see.
  public var interfaceIndex: UInt32
  /// The page begins after this object; kind 0 precedes all.
  public var after: StatisticsObject.Key

  /// Makes the payload.
  public init(
    interfaceIndex: UInt32 = 0, after: StatisticsObject.Key = .init(kind: .init(rawValue: 0))
  ) {
    self.interfaceIndex = interfaceIndex
    self.after = after
  }

  /// Decodes a payload.
  public init(decoding payload: RawSpan) throws(DecodeError) {
    var reader = PayloadReader(payload)
    interfaceIndex = try reader.integer()
    let kind = StatisticsObject.Kind(rawValue: try reader.integer())
    let index: UInt32 = try reader.integer()
    try reader.zeros(4)
    after = StatisticsObject.Key(kind: kind, interfaceIndex: index, id: try reader.integer())
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: interfaceIndex)
    bytes.append(littleEndian: after.kind.rawValue)
    bytes.append(littleEndian: after.interfaceIndex)
    bytes.append(zeros: 4)
    bytes.append(littleEndian: after.id)
    return bytes
  }
}

/// The counters of one binding, open or session.
///
/// - Shape: 24 bytes, the name with zeros up to a multiple of 8, then 16 bytes per counter
///   ```
///    0 u32 kind              1 binding, 2 open, 3 session, 4 the daemon, 5 a limit,
///                           16 a user, 17 a reason of denials
///    4 u32 counterCount      8 u32 interfaceIndex
///   12 u32 nameLength       16 u64 id
///   24 name                  UTF-8, pad to 8
///      counterCount x [counter u32][zero u32][value u64]
///   ```
public struct StatisticsObject: Hashable, Sendable {
  /// The length of the fields before the name.
  public static let fixedByteCount = 24
  /// The length of one counter.
  public static let counterByteCount = 16

  /// What the counters belong to; unknown numbers are kept.
  public struct Kind: RawRepresentable, Hashable, Sendable {
    /// The number on the control channel.
    public let rawValue: UInt32
    /// Wraps any number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// A binding.
    public static let binding = Kind(rawValue: 1)
    /// An open of a binding.
    public static let open = Kind(rawValue: 2)
    /// A session.
    public static let session = Kind(rawValue: 3)
    /// The daemon as a whole, for administrators.
    public static let daemon = Kind(rawValue: 4)
    /// A limit on what clients may hold, for administrators.
    public static let limit = Kind(rawValue: 5)
    /// The first of the totals: they are returned only for a request that starts directly before
    /// this number, whose session is not counted.
    public static let firstTotal = user
    /// A user on an interface since the daemon's start; with interface 0, its sessions.
    public static let user = Kind(rawValue: 16)
    /// A reason for which something was denied, for administrators.
    public static let denial = Kind(rawValue: 17)
  }

  /// The sort key of an object: kind, interface and number.
  public struct Key: Hashable, Comparable, Sendable {
    /// What the counters belong to.
    public var kind: Kind
    /// The interface.
    public var interfaceIndex: UInt32
    /// The number.
    public var id: UInt64

    /// Makes a key.
    public init(kind: Kind, interfaceIndex: UInt32 = 0, id: UInt64 = 0) {
      self.kind = kind
      self.interfaceIndex = interfaceIndex
      self.id = id
    }

    /// Whether `left` precedes `right`.
    public static func < (left: Key, right: Key) -> Bool {
      (left.kind.rawValue, left.interfaceIndex, left.id)
        < (right.kind.rawValue, right.interfaceIndex, right.id)
    }
  }

  /// One counter; an unknown number is kept, so that a newer daemon can count more.
  public struct Reading: Hashable, Sendable {
    /// The raw value of an `NDIS.Counter`.
    public var number: UInt32
    /// The value.
    public var value: UInt64

    /// Makes a reading.
    public init(number: UInt32, value: UInt64) {
      self.number = number
      self.value = value
    }

    /// Makes a reading.
    public init(_ counter: Counter, _ value: UInt64) {
      self.init(number: UInt32(counter.rawValue), value: value)
    }

    /// The counter, nil if its number is unknown.
    public var counter: Counter? { UInt16(exactly: number).flatMap(Counter.init(rawValue:)) }
  }

  /// What the counters belong to.
  public var kind: Kind
  /// The interface; 0 for a session without an open.
  public var interfaceIndex: UInt32
  /// A number that is unique among objects of its kind.
  public var id: UInt64
  /// The interface's name, or the client's.
  public var name: String
  /// The counters.
  public var readings: [Reading]

  /// Makes an object.
  public init(
    kind: Kind, interfaceIndex: UInt32, id: UInt64, name: String, readings: [Reading]
  ) {
    self.kind = kind
    self.interfaceIndex = interfaceIndex
    self.id = id
    self.name = name
    self.readings = readings
  }

  /// The value of a counter; nil if the object does not have it.
  public subscript(counter: Counter) -> UInt64? {
    readings.first { $0.number == UInt32(counter.rawValue) }?.value
  }

  /// The sort key.
  public var key: Key { Key(kind: kind, interfaceIndex: interfaceIndex, id: id) }

  fileprivate init(from reader: inout PayloadReader) throws(DecodeError) {
    kind = Kind(rawValue: try reader.integer())
    let counterCount: UInt32 = try reader.integer()
    interfaceIndex = try reader.integer()
    let nameByteCount = Int(try reader.integer(UInt32.self))
    id = try reader.integer()
    name = try reader.text(nameByteCount)
    try reader.zeros(-nameByteCount & 7)
    readings = []
    for _ in 0..<counterCount {
      let number: UInt32 = try reader.integer()
      try reader.zeros(4)
      readings.append(Reading(number: number, value: try reader.integer()))
    }
  }

  /// The length of `encoded`.
  var encodedByteCount: Int {
    Self.fixedByteCount + (name.utf8.count + 7) & ~7 + readings.count * Self.counterByteCount
  }

  /// The bytes of the object.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: kind.rawValue)
    bytes.append(littleEndian: UInt32(clamping: readings.count))
    bytes.append(littleEndian: interfaceIndex)
    bytes.append(littleEndian: UInt32(clamping: name.utf8.count))
    bytes.append(littleEndian: id)
    bytes.append(contentsOf: name.utf8)
    bytes.pad(from: 0)
    for reading in readings {
      bytes.append(littleEndian: reading.number)
      bytes.append(zeros: 4)
      bytes.append(littleEndian: reading.value)
    }
    return bytes
  }
}

/// The payload of STATISTICS' reply: objects in ascending order of their keys.
///
/// - Shape: `[hasMore u32][zero u32]`, 8 bytes, then as many objects as the header's count says
public struct StatisticsReply: Hashable, Sendable {
  /// The length of the fields before the objects.
  public static let fixedByteCount = 8

  /// Whether more objects follow the last one.
  public var hasMore: Bool
  /// The objects; an object is never cut.
  public var objects: [StatisticsObject]

  /// Creates a reply with as many objects as fit `byteLimit` bytes; the others set `hasMore`.
  ///
  /// - Parameters:
  ///   - objects: in ascending order of their keys
  ///   - byteLimit: the most bytes of the payload
  public init(objects: some Sequence<StatisticsObject>, byteLimit: Int) {
    (self.objects, hasMore) = objects.fitting(byteLimit - Self.fixedByteCount, \.encodedByteCount)
  }

  /// Decodes a payload; `objectCount` is the header's count.
  public init(decoding payload: RawSpan, objectCount: UInt32) throws(DecodeError) {
    var reader = PayloadReader(payload)
    hasMore = try reader.flag()
    try reader.zeros(4)
    objects = []
    for _ in 0..<objectCount { objects.append(try StatisticsObject(from: &reader)) }
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: UInt32(hasMore ? 1 : 0))
    bytes.append(zeros: 4)
    for object in objects { bytes.append(contentsOf: object.encoded) }
    return bytes
  }
}
