/// Which destinations an open wants to hear; the adapter's receive filter, kept in software.
///
/// - Windows: OID_GEN_CURRENT_PACKET_FILTER, NDIS_PACKET_TYPE_…
/// - Source: `spec/ndisprot-semantics.md` R-33, E-10
public struct PacketFilter: OptionSet, Hashable, Sendable {
  /// The bits, as a client sets them.
  public let rawValue: UInt32

  /// Wraps any bits; `supported` says which of them mean something here.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Frames to the interface's own address.
  public static let directed = PacketFilter(rawValue: 0x01)
  /// Frames to a group of the multicast list.
  public static let multicast = PacketFilter(rawValue: 0x02)
  /// Frames to any group.
  public static let allMulticast = PacketFilter(rawValue: 0x04)
  /// Frames to everybody.
  public static let broadcast = PacketFilter(rawValue: 0x08)
  /// Every frame on the wire.
  public static let promiscuous = PacketFilter(rawValue: 0x20)

  /// What OPEN_DEVICE sets: NPROTO_PACKET_FILTER of the sample, 0x0B.
  public static let atOpen: PacketFilter = [.directed, .multicast, .broadcast]
  /// The bits a client may set; any other is NDIS_STATUS_NOT_SUPPORTED.
  public static let supported: PacketFilter = [
    .directed, .multicast, .allMulticast, .broadcast, .promiscuous,
  ]
}
