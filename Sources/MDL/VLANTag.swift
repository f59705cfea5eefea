/// One 802.1Q or 802.1ad tag with the type after it.
///
/// - Shape: `[tagProtocol 2 BE][control 2 BE][etherType 2 BE]`
public struct VLANTag: BitwiseCopyable, Equatable, Sendable {
  /// 0x8100 or 0x88A8.
  public var tagProtocol: UInt16
  /// Priority (3 bits), drop eligibility (1), VLAN (12).
  public var control: UInt16
  /// The type after the tag.
  public var etherType: UInt16

  /// Makes a tag.
  public init(tagProtocol: UInt16, control: UInt16, etherType: UInt16) {
    self.tagProtocol = tagProtocol
    self.control = control
    self.etherType = etherType
  }

  /// The VLAN; 0 in a tag that has only a priority.
  public var identifier: UInt16 { control & 0x0FFF }
  /// The 802.1p priority, 0 to 7.
  public var priority: UInt8 { UInt8(truncatingIfNeeded: control >> 13) }
  /// Whether the frame may be dropped first.
  public var isDropEligible: Bool { control & 0x1000 != 0 }
}
