/// The VLANs that a rule speaks of.
///
/// A frame has the number of its outer 0x8100 tag; without one, or with the number 0 of a priority
/// tag, it has none. A frame with a further tag behind, or with a tag of another protocol, is nobody's
/// but `any`'s: what is behind a tag that is not looked behind cannot be granted by number.
///
/// - Source: threat T16 (VLAN hopping); R-20, W-6
public struct VLANSet: Hashable, Sendable {
  /// The number of a frame without a VLAN.
  @inlinable public static var none: UInt16 { 0 }
  /// The number of a frame whose VLAN cannot be told.
  @inlinable public static var unknown: UInt16 { 0xFFFF }
  /// What a tag can say: 0 is no VLAN, 4095 is reserved.
  public static let identifiers: ClosedRange<UInt16> = 1...4_094
  /// The most numbers that one rule may name.
  public static let maximumCount = 16

  /// Whether every frame belongs.
  public let isAny: Bool
  /// Ascending, without duplicates; 0 stands for frames without a VLAN; empty if `isAny`.
  public let values: [UInt16]

  private init(isAny: Bool, values: [UInt16]) {
    self.isAny = isAny
    self.values = values
  }

  /// These numbers; 0 is no VLAN.
  public init(_ values: [UInt16]) { self.init(isAny: false, values: Set(values).sorted()) }

  /// Every frame, however it is tagged.
  public static let any = VLANSet(isAny: true, values: [])
  /// Untagged and priority-tagged frames: the default of a rule.
  public static let untagged = VLANSet([none])

  /// Whether a frame of this number belongs.
  public func contains(_ value: UInt16) -> Bool {
    if isAny { return true }
    for known in values where known == value { return true }
    return false
  }
}
