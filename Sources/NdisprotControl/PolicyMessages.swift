public import NDIS

/// The reply to the command `reload`.
///
/// - Shape: `[ruleCount u32][changedCount u32][closedCount u32][boundCount u32][unboundCount u32]`
///   `[zero u32]`, then the refusal as a counted text, empty when the configuration was taken
public struct ReloadReply: Hashable, Sendable {
  /// Rules that are in force.
  public var ruleCount: UInt32
  /// Opens that may do less or more than before.
  public var changedCount: UInt32
  /// Opens that lost every right.
  public var closedCount: UInt32
  /// Interfaces that are bound now and were not.
  public var boundCount: UInt32
  /// Interfaces that were bound and are not any more.
  public var unboundCount: UInt32
  /// Why nothing changed; empty if the configuration was taken.
  public var refusal: String

  /// Makes the reply of a reload that was done.
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

  /// Makes the reply of one that was not.
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

/// What the command `explain` asks: what decides about a user, a binding and an EtherType.
///
/// - Shape: `[etherType u16][zero 6]`, then user and binding as counted texts
public struct ExplainRequest: Hashable, Sendable {
  /// The user, by name or number.
  public var user: String
  /// The name of the interface.
  public var binding: String
  /// A type, 0 for LLC, 0xFFFF for those that no rule names.
  public var etherType: UInt16

  /// Makes a question.
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

  /// The bytes behind the command.
  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: etherType)
    bytes.append(zeros: 6)
    bytes.append(counted: user)
    bytes.append(counted: binding)
    return bytes
  }
}

/// What the policy says about frames of one EtherType in one VLAN.
///
/// - Shape: `[vlan u16][zero 2][rights u32][framesPerSecond u64][bytesPerSecond u64]`, then rule and
///   origin as counted texts
public struct Decision: Hashable, Sendable {
  /// The VLAN: 0 is none, 0xFFFF all that no rule names.
  public var vlan: UInt16
  /// What is allowed; empty is nothing.
  public var rights: AccessRights
  /// The rule that decides; empty if none does.
  public var rule: String
  /// Where it is written.
  public var origin: String
  /// The limit of what is sent; 0 is none.
  public var framesPerSecond: UInt64
  /// The limit of what is sent; 0 is none.
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

  /// Who was asked about.
  public var userID: UInt32
  /// In ascending order of the VLAN.
  public var decisions: [Decision]
  /// What else to know: rules that do not come to decide, rights without effect.
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
