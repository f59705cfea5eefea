/// The VLANs that a rule applies to.
///
/// The number of a frame is that of its outer 0x8100 tag; a frame without one, or with the number 0
/// of a priority tag, has none. A frame with a second tag, or with a tag of another protocol,
/// belongs to `any` only: nothing parses beyond such a tag, so it cannot be granted by number.
///
/// - Source: threat T16 (VLAN hopping); R-20, W-6
public struct VLANSet: Hashable, Sendable {
  /// The number of a frame without a VLAN.
  @inlinable public static var none: UInt16 { 0 }
  /// The number of a frame whose VLAN cannot be determined.
  @inlinable public static var unknown: UInt16 { 0xFFFF }
  /// The numbers a tag can carry: 0 means no VLAN, 4095 is reserved.
  public static let identifiers: ClosedRange<UInt16> = 1...4_094
  /// The most numbers that one rule may name.
  public static let maximumCount = 16

  /// Whether it contains every frame.
  public let isAny: Bool
  /// Ascending, without duplicates; 0 stands for frames without a VLAN; empty if `isAny`.
  public let values: [UInt16]

  private init(isAny: Bool, values: [UInt16]) {
    self.isAny = isAny
    self.values = values
  }

  /// A set of these numbers; 0 means no VLAN.
  public init(_ values: [UInt16]) { self.init(isAny: false, values: Set(values).sorted()) }

  /// Every frame, whatever its tags.
  public static let any = VLANSet(isAny: true, values: [])
  /// Untagged and priority-tagged frames: the default of a rule.
  public static let untagged = VLANSet([none])

  /// Whether it contains a frame of this number.
  public func contains(_ value: UInt16) -> Bool {
    if isAny { return true }
    for known in values where known == value { return true }
    return false
  }
}
