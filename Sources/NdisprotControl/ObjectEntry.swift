internal import NDIS

/// One object of the framework, in the reply to the command `objects` of ADMINISTRATION.
///
/// Kinds and states are words, so that those of a newer daemon are readable too.
///
/// - Shape: 40 bytes, then texts of `[byteCount u32][UTF-8][zeros up to a multiple of 8]`
///   ```
///    0 u64 id                                 8 u64 parent   all ones: none
///   16 u64 age              nanoseconds
///   24 u32 pins                              28 u32 contextCount
///   32 u32 holderCount                       36 u32 stateCount
///   40 texts kind, name, state, site
///      contextCount x text
///      holderCount x  [age u64][text]
///      stateCount x   [age u64][thread u32][zero u32][text]
///   ```
public struct ObjectEntry: Hashable, Sendable {
  /// The length of the fields before the texts.
  public static let fixedByteCount = 40
  /// The most bytes of a text that are sent.
  public static let maximumTextByteCount = 1_024

  /// A holder, which keeps the object from being destroyed.
  public struct Holder: Hashable, Sendable {
    /// The holder's name.
    public var tag: String
    /// The age of the hold in nanoseconds.
    public var age: UInt64

    /// Makes a holder.
    public init(tag: String, age: UInt64) {
      self.tag = tag
      self.age = age
    }
  }

  /// A state that the object was in.
  public struct PastState: Hashable, Sendable {
    /// The state.
    public var state: String
    /// The kernel's id of the thread that caused it.
    public var threadID: UInt32
    /// How many nanoseconds ago.
    public var age: UInt64

    /// Makes a past state.
    public init(state: String, threadID: UInt32, age: UInt64) {
      self.state = state
      self.threadID = threadID
      self.age = age
    }
  }

  /// The object: the slot in the low half, its generation in the high half.
  public var id: UInt64
  /// The parent object; nil for the root, and for an object that has left the tree.
  public var parent: UInt64?
  /// How many nanoseconds ago it was created.
  public var age: UInt64
  /// The number of pins, that of its creation included.
  public var pinCount: UInt32
  /// The kind of the object.
  public var kind: String
  /// The name of the object.
  public var name: String
  /// The current state.
  public var state: String
  /// Where it was created: file and line.
  public var site: String
  /// The types of its contexts, in the order in which they were added.
  public var contexts: [String] = []
  /// Its named holders.
  public var holders: [Holder] = []
  /// Its last states, oldest first; only a verifying daemon keeps them.
  public var history: [PastState] = []

  /// Makes an entry without contexts, holders and history.
  public init(
    id: UInt64, parent: UInt64?, age: UInt64, pinCount: UInt32, kind: String, name: String,
    state: String, site: String
  ) {
    self.id = id
    self.parent = parent
    self.age = age
    self.pinCount = pinCount
    self.kind = kind
    self.name = name
    self.state = state
    self.site = site
  }

  /// Reads the next entry of a payload.
  init(from payload: inout PayloadReader) throws(DecodeError) {
    id = try payload.integer()
    let parent: UInt64 = try payload.integer()
    self.parent = parent == .max ? nil : parent
    age = try payload.integer()
    pinCount = try payload.integer()
    let contextCount: UInt32 = try payload.integer()
    let holderCount: UInt32 = try payload.integer()
    let stateCount: UInt32 = try payload.integer()
    kind = try payload.countedText()
    name = try payload.countedText()
    state = try payload.countedText()
    site = try payload.countedText()
    for _ in 0..<contextCount { contexts.append(try payload.countedText()) }
    for _ in 0..<holderCount {
      let age: UInt64 = try payload.integer()
      holders.append(Holder(tag: try payload.countedText(), age: age))
    }
    for _ in 0..<stateCount {
      let age: UInt64 = try payload.integer()
      let threadID: UInt32 = try payload.integer()
      try payload.zeros(4)
      history.append(
        PastState(state: try payload.countedText(), threadID: threadID, age: age))
    }
  }

  /// The bytes of the entry.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: id)
    bytes.append(littleEndian: parent ?? .max)
    bytes.append(littleEndian: age)
    bytes.append(littleEndian: pinCount)
    bytes.append(littleEndian: UInt32(clamping: contexts.count))
    bytes.append(littleEndian: UInt32(clamping: holders.count))
    bytes.append(littleEndian: UInt32(clamping: history.count))
    for text in [kind, name, state, site] + contexts { bytes.append(counted: text) }
    for holder in holders {
      bytes.append(littleEndian: holder.age)
      bytes.append(counted: holder.tag)
    }
    for past in history {
      bytes.append(littleEndian: past.age)
      bytes.append(littleEndian: past.threadID)
      bytes.append(zeros: 4)
      bytes.append(counted: past.state)
    }
    return bytes
  }
}

/// The reply to the command `objects`: entries in ascending order of the slot.
///
/// - Shape: `[next u64]`, then as many entries as the header's count says
public struct ObjectsReply: Hashable, Sendable {
  /// The cursor of the next page; 0 if this is the last one.
  public var next: UInt64
  /// The objects; an entry is never cut.
  public var entries: [ObjectEntry]

  /// Creates a reply with as many entries as fit `byteLimit` bytes; `next` leads to the others.
  ///
  /// - Parameters:
  ///   - entries: in ascending order of their slots
  ///   - byteLimit: the most bytes of the payload
  public init(entries: [ObjectEntry], byteLimit: Int) {
    self.entries = entries.fitting(byteLimit - 8, { $0.encoded.count }).elements
    next = entries.dropFirst(self.entries.count).first.map { $0.id & 0xFFFF_FFFF } ?? 0
  }

  /// Decodes a payload; `entryCount` is the header's count.
  public init(decoding payload: RawSpan, entryCount: UInt32) throws(DecodeError) {
    var reader = PayloadReader(payload)
    next = try reader.integer()
    entries = []
    for _ in 0..<entryCount { entries.append(try ObjectEntry(from: &reader)) }
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: next)
    for entry in entries { bytes.append(contentsOf: entry.encoded) }
    return bytes
  }
}
