/// The header of an Ethernet frame; the payload follows it.
///
/// - Shape: `[destination 6][source 6][etherType 2 BE]`, or with a tag
///   `[destination 6][source 6][tagProtocol 2 BE][vlanTag 2 BE][etherType 2 BE]`
public struct EthernetHeader: BitwiseCopyable, Equatable, Sendable {
  /// The address of the receiver.
  public var destination: MACAddress
  /// The address of the sender.
  public var source: MACAddress
  /// The protocol of the outer tag: 0x8100 (802.1Q) or 0x88A8 (802.1ad); nil without a tag.
  public var tagProtocol: UInt16?
  /// The outer tag's control information: priority, drop eligibility, VLAN; nil without a tag.
  public var vlanTag: UInt16?
  /// The type field after the outer tag: a length when below 0x600.
  public var etherType: UInt16
  /// Where the payload starts: 14, or 18 with a tag.
  public var byteCount: Int

  /// Makes an untagged header.
  public init(destination: MACAddress, source: MACAddress, etherType: UInt16) {
    self.destination = destination
    self.source = source
    self.etherType = etherType
    byteCount = Self.untaggedByteCount
  }

  /// Makes a tagged header.
  public init(
    destination: MACAddress, source: MACAddress, tagProtocol: UInt16, vlanTag: UInt16,
    etherType: UInt16
  ) {
    self.destination = destination
    self.source = source
    self.tagProtocol = tagProtocol
    self.vlanTag = vlanTag
    self.etherType = etherType
    byteCount = Self.taggedByteCount
  }

  /// The bytes of a header without a tag.
  public static let untaggedByteCount = 14
  /// The bytes of a header with one tag.
  public static let taggedByteCount = 18

  /// Whether the outer tag is one that is parsed.
  public var isLookedBehind: Bool { tagProtocol.map(TagProtocol.isLookedBehind) == true }

  /// The type that decides which rule or open applies: after a single 0x8100 tag, and no other.
  public var decidingType: UInt16 { isLookedBehind ? etherType : tagProtocol ?? etherType }

  /// The VLAN that decides which rule or open applies; 0 without one.
  public var decidingVLAN: UInt16 { isLookedBehind ? (vlanTag ?? 0) & 0x0FFF : 0 }
}
