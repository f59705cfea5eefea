/// The EtherTypes of an open: a few numbers, LLC, or any.
///
/// - Shape: on the control channel `u16` each; 0xFFFF is any, 0 is LLC (a length below 0x0600)
/// - Source: `ndisprotd.docc/Architecture.md` section 6; D-8
public struct EtherTypeSet: Hashable, Sendable {
  /// The number that stands for every type.
  @inlinable public static var anyValue: UInt16 { 0xFFFF }
  /// The number that stands for IEEE 802.3 frames, whose field holds a length.
  @inlinable public static var llcValue: UInt16 { 0 }
  /// The most numbers one open may name.
  public static let maximumCount = 16
  /// The sample's own set: 802.1X.
  public static let eapol = EtherTypeSet([0x888E])

  /// Whether every frame matches.
  public let isAny: Bool
  /// Ascending, without duplicates; LLC is 0; empty if `isAny`.
  public let values: [UInt16]

  /// Makes a set; 0xFFFF among the values makes it `any`.
  public init(_ values: [UInt16]) {
    isAny = values.contains(Self.anyValue)
    var ascending: [UInt16] = []
    // A handful of numbers: looking for each one's place is all there is to sort.
    for value in isAny ? [] : values where !ascending.contains(value) {
      ascending.insert(value, at: ascending.firstIndex { $0 > value } ?? ascending.endIndex)
    }
    self.values = ascending
  }

  /// No type at all: such an open moves no frames.
  public static let empty = EtherTypeSet([])

  /// Whether nothing matches.
  public var isEmpty: Bool { !isAny && values.isEmpty }

  /// As sent over the control channel.
  public var wireValues: [UInt16] { isAny ? [Self.anyValue] : values }

  /// Whether a frame with this type field, read behind one 0x8100 tag, belongs to the set.
  public func matches(_ typeField: UInt16) -> Bool {
    if isAny { return true }
    let wanted = typeField < 0x0600 ? Self.llcValue : typeField
    for value in values where value == wanted { return true }
    return false
  }

  /// Whether some frame could belong to both; any intersects all but the empty set.
  public func intersects(_ other: EtherTypeSet) -> Bool {
    if isEmpty || other.isEmpty { return false }
    return isAny || other.isAny || values.contains(where: other.values.contains)
  }

  /// Both together: what the kernel's filter lets through for several opens.
  public func union(_ other: EtherTypeSet) -> EtherTypeSet {
    isAny || other.isAny
      ? EtherTypeSet([Self.anyValue]) : EtherTypeSet(values + other.values)
  }
}

extension EtherTypeSet: ExpressibleByArrayLiteral {
  /// Makes a set of numbers: `[0x88CC, 0x888E]`.
  public init(arrayLiteral elements: UInt16...) { self.init(elements) }
}

extension EtherTypeSet {
  /// Every frame.
  public static var any: EtherTypeSet { EtherTypeSet([anyValue]) }
  /// IEEE 802.3 frames, whose field holds a length.
  public static var llc: EtherTypeSet { EtherTypeSet([llcValue]) }
  /// ARP.
  public static var arp: EtherTypeSet { [0x0806] }
  /// PROFINET.
  public static var profinet: EtherTypeSet { [0x8892] }
  /// EtherCAT.
  public static var etherCAT: EtherTypeSet { [0x88A4] }
  /// GOOSE of IEC 61850.
  public static var goose: EtherTypeSet { [0x88B8] }
  /// LLDP.
  public static var lldp: EtherTypeSet { [0x88CC] }
  /// The Precision Time Protocol.
  public static var ptp: EtherTypeSet { [0x88F7] }

  /// Makes a set of names and numbers, as configurations and the command line have them.
  ///
  /// - Returns: nil if a word is neither; see `EtherTypeName`
  public init?(named words: [String]) {
    var values: [UInt16] = []
    for word in words {
      guard let value = EtherTypeName.value(of: word) else { return nil }
      values.append(value)
    }
    self.init(values)
  }
}
