/// The EtherTypes of an open: a few numbers, LLC, or any.
///
/// - Shape: on the control channel `u16` each; 0xFFFF is any, 0 is LLC (a length below 0x0600)
/// - Source: `ndisprotd.docc/Architecture.md` section 6; D-8
public struct EtherTypeSet: Hashable, Sendable {
  /// The number that means every type.
  @inlinable public static var anyValue: UInt16 { 0xFFFF }
  /// The number that means IEEE 802.3 frames, whose type field holds a length.
  @inlinable public static var llcValue: UInt16 { 0 }
  /// The most numbers one open may list.
  public static let maximumCount = 16
  /// The sample's own set: 802.1X.
  public static let eapol = EtherTypeSet([0x888E])

  /// Whether every frame matches.
  public let isAny: Bool
  /// Ascending, without duplicates; LLC is 0; empty if `isAny`.
  public let values: [UInt16]

  /// Creates a set; 0xFFFF among the values makes it `any`.
  public init(_ values: [UInt16]) {
    isAny = values.contains(Self.anyValue)
    var ascending: [UInt16] = []
    // A handful of numbers: insertion sort is enough.
    for value in isAny ? [] : values where !ascending.contains(value) {
      ascending.insert(value, at: ascending.firstIndex { $0 > value } ?? ascending.endIndex)
    }
    self.values = ascending
  }

  /// Contains no type: an open with this set moves no frames.
  public static let empty = EtherTypeSet([])

  /// Whether it contains no type.
  public var isEmpty: Bool { !isAny && values.isEmpty }

  /// The values in the form of the control channel.
  public var wireValues: [UInt16] { isAny ? [Self.anyValue] : values }

  /// Whether a frame with this type field, read behind one 0x8100 tag, matches.
  public func matches(_ typeField: UInt16) -> Bool {
    if isAny { return true }
    let wanted = typeField < 0x0600 ? Self.llcValue : typeField
    for value in values where value == wanted { return true }
    return false
  }

  /// Whether some frame could match both; `any` intersects every set but the empty one.
  public func intersects(_ other: EtherTypeSet) -> Bool {
    if isEmpty || other.isEmpty { return false }
    return isAny || other.isAny || values.contains(where: other.values.contains)
  }

  /// The union of both: what the kernel's filter passes for several opens.
  public func union(_ other: EtherTypeSet) -> EtherTypeSet {
    isAny || other.isAny
      ? EtherTypeSet([Self.anyValue]) : EtherTypeSet(values + other.values)
  }
}

extension EtherTypeSet: ExpressibleByArrayLiteral {
  /// Creates a set of numbers: `[0x88CC, 0x888E]`.
  public init(arrayLiteral elements: UInt16...) { self.init(elements) }
}

extension EtherTypeSet {
  /// Every frame.
  public static var any: EtherTypeSet { EtherTypeSet([anyValue]) }
  /// IEEE 802.3 frames, whose type field holds a length.
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

  /// Creates a set from names and numbers, as in configurations and on the command line.
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
