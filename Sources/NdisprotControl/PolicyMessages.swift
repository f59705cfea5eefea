public import NDIS

/// The reply to the command `reload`.
///
/// - Shape: `[ruleCount u32][changedCount u32][closedCount u32][boundCount u32][unboundCount u32]`
///   `[zero u32]`, then the refusal as a counted text, empty if the configuration was applied
public struct ReloadReply: Hashable, Sendable {
  /// The number of rules in effect.
  public var ruleCount: UInt32
  /// Opens that have fewer or more rights than before.
  public var changedCount: UInt32
  /// Opens that lost every right.
  public var closedCount: UInt32
  /// Interfaces that were bound by the reload.
  public var boundCount: UInt32
  /// Interfaces that were unbound by the reload.
  public var unboundCount: UInt32
  /// Why nothing changed; empty if the configuration was applied.
  public var refusal: String

  /// Creates the reply of a successful reload.
  public init(
    ruleCount: UInt32, changedCount: UInt32, closedCount: UInt32, boundCount: UInt32,
    unboundCount: UInt32
  ) {
    self.ruleCount = ruleCount
    self.changedCount = changedCount
    self.closedCount = closedCount
    self.boundCount = boundCount
    self.unboundCount = unboundCount
    refusal = ""
  }

  /// Creates the reply of a refused reload.
  public init(refusal: String) {
    self.init(ruleCount: 0, changedCount: 0, closedCount: 0, boundCount: 0, unboundCount: 0)
    self.refusal = refusal
  }

  /// Decodes a payload.
  public init(decoding payload: RawSpan) throws(DecodeError) {
    var reader = PayloadReader(payload)
    ruleCount = try reader.integer()
    changedCount = try reader.integer()
    closedCount = try reader.integer()
    boundCount = try reader.integer()
    unboundCount = try reader.integer()
    try reader.zeros(4)
    refusal = try reader.countedText()
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    for number in [ruleCount, changedCount, closedCount, boundCount, unboundCount] {
      bytes.append(littleEndian: number)
    }
    bytes.append(zeros: 4)
    bytes.append(counted: refusal)
    return bytes
  }
}

/// The payload of the command `explain`: a user, a binding and an EtherType.
///
/// - Shape: `[etherType u16][zero 6]`, then user and binding as counted texts
public struct ExplainRequest: Hashable, Sendable {
  /// The user, by name or number.
  public var user: String
  /// The name of the interface.
  public var binding: String
  /// A type, 0 for LLC, 0xFFFF for any that no rule names.
  public var etherType: UInt16

  /// Creates a request.
  public init(user: String, binding: String, etherType: UInt16) {
    self.user = user
    self.binding = binding
    self.etherType = etherType
  }

  init(from reader: inout PayloadReader) throws(DecodeError) {
    etherType = try reader.integer()
    try reader.zeros(6)
    user = try reader.countedText()
    binding = try reader.countedText()
  }

  /// The bytes after the command.
  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: etherType)
    bytes.append(zeros: 6)
    bytes.append(counted: user)
    bytes.append(counted: binding)
    return bytes
  }
}

/// The decision of the policy about frames of one EtherType in one VLAN.
///
/// - Shape: `[vlan u16][zero 2][rights u32][framesPerSecond u64][bytesPerSecond u64]`, then rule and
///   origin as counted texts
public struct Decision: Hashable, Sendable {
  /// The VLAN: 0 is untagged, 0xFFFF any that no rule names.
  public var vlan: UInt16
  /// The rights; an empty set allows nothing.
  public var rights: AccessRights
  /// The rule that decides; empty if none does.
  public var rule: String
  /// Where it is written.
  public var origin: String
  /// The limit on frames sent; 0 is no limit.
  public var framesPerSecond: UInt64
  /// The limit on bytes sent; 0 is no limit.
  public var bytesPerSecond: UInt64

  /// Makes a row.
  public init(
    vlan: UInt16, rights: AccessRights, rule: String, origin: String, framesPerSecond: UInt64,
    bytesPerSecond: UInt64
  ) {
    self.vlan = vlan
    self.rights = rights
    self.rule = rule
    self.origin = origin
    self.framesPerSecond = framesPerSecond
    self.bytesPerSecond = bytesPerSecond
  }

  init(from reader: inout PayloadReader) throws(DecodeError) {
    vlan = try reader.integer()
    try reader.zeros(2)
    rights = AccessRights(rawValue: try reader.integer())
    framesPerSecond = try reader.integer()
    bytesPerSecond = try reader.integer()
    rule = try reader.countedText()
    origin = try reader.countedText()
  }

  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: vlan)
    bytes.append(zeros: 2)
    bytes.append(littleEndian: rights.rawValue)
    bytes.append(littleEndian: framesPerSecond)
    bytes.append(littleEndian: bytesPerSecond)
    bytes.append(counted: rule)
    bytes.append(counted: origin)
    return bytes
  }
}

/// The reply to the command `explain`.
///
/// - Shape: `[userID u32][noteCount u32]`, then as many decisions as the header's count says, then the
///   notes as counted texts
public struct ExplainReply: Hashable, Sendable {
  /// The most decisions of one reply.
  public static let maximumCount = 64

  /// The user in question.
  public var userID: UInt32
  /// In ascending order of the VLAN.
  public var decisions: [Decision]
  /// Further information: rules that never decide, rights without effect.
  public var notes: [String]

  /// Makes a reply.
  public init(userID: UInt32, decisions: [Decision], notes: [String] = []) {
    self.userID = userID
    self.decisions = decisions
    self.notes = notes
  }

  /// Decodes a payload; `count` is the header's.
  public init(decoding payload: RawSpan, count: UInt32) throws(DecodeError) {
    var reader = PayloadReader(payload)
    userID = try reader.integer()
    let noteCount: UInt32 = try reader.integer()
    (decisions, notes) = ([], [])
    for _ in 0..<count { decisions.append(try Decision(from: &reader)) }
    for _ in 0..<noteCount { notes.append(try reader.countedText()) }
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: userID)
    bytes.append(littleEndian: UInt32(clamping: notes.count))
    for decision in decisions { bytes.append(contentsOf: decision.encoded) }
    for note in notes { bytes.append(counted: note) }
    return bytes
  }
}
